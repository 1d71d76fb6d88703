"""Runs of ingest with whatever stops them: dates missing, contents changed; and what is taken by them."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from tests.events.oracle import DAY, Delivery
from tests.faults.model import Expected, missing
from tests.faults.random_shop import AtSources

Ingest = Callable[[Collection[str]], object]
"""Runs ingest with options."""


@dataclass
class Intake:
    """What was taken when.

    accepted: dates of sales accepted as missing. later: sources added once others had been taken in. completed: the
    newest as-of date of ingest.
    """

    sources: AtSources
    dice: random.Random
    coverage: Counter[str]
    taken: defaultdict[str, dict[str, Delivery]] = field(default_factory=lambda: defaultdict(dict))
    accepted: set[date] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    completed: date = date.min

    def expected(self, project: Project) -> Expected:
        """What the tables must hold by now."""
        return Expected(project, self.taken, self.accepted, self.later, self.completed)

    def holes(self, as_of: date) -> list[date]:
        """The dates that stop ingest."""
        there = {nominal for nominal, _ in self.sources.due("sales", as_of).values()}
        return missing(as_of, there | {delivery.nominal for delivery in self.taken["sales"].values()}, self.accepted)

    def deliver(self, today: date) -> str:
        """A new file of one of the last days."""
        source = self.dice.choice(["sales", "sales", "sales", "visits"])
        return f"{source} {self.sources.deliver(source, today - self.dice.choice([1, 1, 1, 2, 5]) * DAY)}"

    def deliver_late(self, today: date) -> str:
        """A new file of sales, of a date that labels may have looked at already."""
        return self.sources.deliver("sales", today - self.dice.randint(3, 9) * DAY)

    def deliver_accepted(self, today: date) -> str:
        """Files of dates that were accepted as missing come after all."""
        holes = sorted(self.accepted - {delivery.nominal for delivery in self.taken["sales"].values()})
        return ", ".join(self.sources.deliver("sales", day) for day in holes) or "nothing"

    def deliver_again(self, today: date) -> str:
        """The content of another file under a new name."""
        source = self.dice.choice(["sales", "sales", "visits"])
        if not self.sources.files[source]:
            return "nothing"
        nominal, rows = self.dice.choice(list(self.sources.files[source].values()))
        return f"{source} {self.sources.deliver(source, nominal, rows)}"

    def change(self, today: date) -> str:
        """Other content under the name of a file that was taken."""
        source = self.dice.choice(["sales", "sales", "visits"])
        if not self.taken[source]:
            return "nothing"
        name = self.dice.choice(sorted(self.taken[source]))
        self.sources.change(source, name)
        return f"{source} {name}"

    def ingest(self, project: Project, as_of: date, asked: str, running: bool, once: Ingest, run: Ingest) -> str:
        """Ingest, or be refused; holes are accepted, delivered or left.

        asked: the option for a history, if any. running: snapshots were built. once, run: without and with crashes.
        """
        holes, options = self.holes(as_of), [asked] if asked else []
        # Old rows of a source that is new must be said to be no history.
        unsaid = [s.name for s in project.sources if s.delivered.history_until is None and not self.taken[s.name]]
        options += [f"no-history={name}" for name in unsaid]
        if holes:
            answers = {
                "holes refused": "holes refused",
                "holes accepted": "outages",
                "holes delivered late": "holes delivered late",
            }
            unseen = [answer for answer, kind in answers.items() if not self.coverage[kind]]
            answer = unseen[0] if unseen else self.dice.choice(list(answers))
            self.coverage[answer] += 1
            accepted = self.dice.randrange(len(holes)) if answer == "holes refused" else len(holes)
            if answer == "holes delivered late":
                for day in holes:
                    self.sources.deliver("sales", day)
            else:
                options += self._accepting(holes[:accepted])
            if accepted < len(holes):
                return _refused(once, options, f"expected but missing: {listed(holes[accepted:])};")
        changed = self._changed(project, as_of)
        if changed and self.dice.random() < 0.3:
            return _refused(once, options, "|".join(next(iter(changed.values()))))
        how = run([*options, "restate"] if changed else options)
        self._note(project, as_of, asked, running, changed)
        accepting = [option for option in options if option.startswith("accept")]
        self.accepted |= set(holes if accepting else ())
        return f"{how}{' with restate' if changed else ''} {' '.join(accepting)} {asked}".rstrip()

    def _accepting(self, holes: list[date]) -> list[str]:
        """The options that accept some dates, in one span with what lies between them, or one by one."""
        if holes and self.dice.random() < 0.5:
            return [f"accept-incomplete=sales@{holes[0]}..{holes[-1]}"]
        return [f"accept-incomplete=sales@{day}" for day in holes]

    def _changed(self, project: Project, as_of: date) -> dict[str, set[str]]:
        """The deliveries taken before whose rows are others now, by source, in the order in which ingest looks."""
        found = {}
        for source in project.sources:
            due, taken = self.sources.due(source.name, as_of), self.taken[source.name]
            if names := {name for name in due.keys() & taken.keys() if due[name][1] != list(taken[name].rows)}:
                found[source.name] = names
        return found

    def _note(self, project: Project, as_of: date, asked: str, running: bool, changed: dict[str, set[str]]) -> None:
        self.completed = max(self.completed, as_of)
        for source in project.sources:
            taken = self.taken[source.name]
            until, new = source.delivered.history_until, _is_history(source, asked, running, bool(taken))
            for name, (nominal, rows) in self.sources.due(source.name, as_of).items():
                if name not in taken:
                    taken[name] = Delivery(name, nominal, self.completed, rows, history=new)
                    continue
                if name in changed.get(source.name, ()):
                    taken[name] = replace(taken[name], rows=rows)
                if asked.endswith(f"={source.name}") and until and nominal <= until:
                    taken[name] = replace(taken[name], history=new)


def _is_history(source: Source, asked: str, running: bool, taken: bool) -> bool:
    """Whether deliveries that are new are a history: a first load, if not asked otherwise."""
    if source.delivered.history_until is None or asked == f"no-history={source.name}":
        return False
    return asked == f"add-history={source.name}" or not running or not taken


def _refused(once: Ingest, options: Collection[str], message: str) -> str:
    with pytest.raises(DeliveryError) as refusal:
        once(options)
    assert any(part in str(refusal.value) for part in message.split("|")), refusal.value
    return f"refused: {refusal.value}"
