"""Snapshots, training, scoring and segments: their references and shares."""

from collections.abc import Iterator

from churn_spark.definitions.nearest import listed, unknown
from churn_spark.models.families import FAMILIES
from churn_spark.settings.checks.features import feature_names, features
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.modelling import MOST_PERIODS, MOST_UNITS
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings

DATED = ("inactivity", "event", "attribute")
"""Label rules that say on which day a customer left."""


def modelling(settings: Settings) -> Iterator[Problem]:
    """Problems of snapshots, training, scoring and segmentation."""
    for check in (_families, _groups, _leaks, _survival, _shares, _expected_value, _snapshots, _references):
        yield from as_far_as_valid(check(settings))


def _families(settings: Settings) -> Iterator[Problem]:
    training = settings.training
    if not training.grids:
        text = f"no model to train; name at least one of {listed(training.families())} ({{}} takes the default grid)"
        yield Problem(("training",), text)
    for name in training.grids:
        if missing := next(family.not_installed for family in FAMILIES if family.name == name):
            yield Problem(("training", name), missing)


def _groups(settings: Settings) -> Iterator[Problem]:
    """Groups without a limit, or a limit without groups, would check nothing."""
    gate = settings.training.gate
    if bool(gate.groups) != (gate.max_group_gap is not None):
        missing = "max_group_gap" if gate.groups else "groups"
        yield Problem(("training", "gate"), f"groups and max_group_gap go together: {missing} is missing")


def _leaks(settings: Settings) -> Iterator[Problem]:
    """A limit that warns only beyond the one that stops would never warn."""
    leaks = settings.training.leaks
    if leaks.warn_single_auc > leaks.max_single_auc:
        yield Problem(
            ("training", "leaks", "warn_single_auc"),
            f"{leaks.warn_single_auc:g} is above max_single_auc, {leaks.max_single_auc:g}, from which training stops",
        )


def _survival(settings: Settings) -> Iterator[Problem]:
    """Horizons that are whole periods, and a label that says on which day somebody left."""
    section, keys = settings.training.survival, ("training", "survival")
    if section is None:
        return
    if settings.label.rule not in DATED:
        yield Problem(
            keys,
            f"label.rule {settings.label.rule} does not say on which day a customer left; remove survival, or use one"
            f" of {listed(DATED)}",
        )
    if section.horizons != sorted(set(section.horizons)):
        yield Problem((*keys, "horizons"), f"{section.horizons} must be ascending: {sorted(set(section.horizons))}")
    for position, days in enumerate(section.horizons):
        if days % section.period_days:
            lower, upper = (days // section.period_days + step for step in (0, 1))
            near = listed(str(n * section.period_days) for n in (lower, upper) if n)
            yield Problem(
                (*keys, "horizons", position),
                f"{days} is not a multiple of period_days ({section.period_days}); the nearest: {near}",
            )
    if max(section.horizons) > MOST_PERIODS * section.period_days:
        yield Problem(
            (*keys, "horizons"),
            f"{max(section.horizons)} days are more than {MOST_PERIODS} periods (period_days: {section.period_days});"
            " raise period_days",
        )


def _shares(settings: Settings) -> Iterator[Problem]:
    scoring = settings.scoring
    if scoring.high_share + scoring.medium_share > 1:
        yield Problem(
            ("scoring",),
            f"high_share {scoring.high_share} and medium_share {scoring.medium_share} add up to more than 1",
        )


def _expected_value(settings: Settings) -> Iterator[Problem]:
    """The source and the measure, and a history that is neither too short nor too long."""
    section, keys = settings.scoring.expected_value, ("scoring", "expected_value")
    if section is None:
        return
    if settings.scoring.value is not None:
        yield Problem(keys, "scoring.value gives the value of a customer already; remove one of them")
    sources = {name: source for name, source in settings.sources.items() if source.kind == "events"}
    if section.source not in sources:
        yield Problem((*keys, "source"), unknown("source of events", section.source, sources))
    elif section.measure not in sources[section.source].measures:
        known = sources[section.source].measures
        yield Problem((*keys, "measure"), unknown(f"measure of {section.source}", section.measure, known))
    units = section.history_days / section.unit_days
    if not 2 <= units <= MOST_UNITS:
        yield Problem(
            (*keys, "history_days"),
            f"{section.history_days} days are {units:.3g} units of {section.unit_days} days (unit_days); there must be"
            f" 2 to {MOST_UNITS}",
        )


def _snapshots(settings: Settings) -> Iterator[Problem]:
    """A snapshot before the population's data begin has no customers."""
    first = settings.snapshots.first
    for name in settings.population.sources or ():
        starts = settings.sources[name].starts if name in settings.sources else None
        if starts and first <= starts:
            yield Problem(
                ("snapshots", "first"), f"{first} is not after {starts}, the first day of {name}; choose a later date"
            )


def _references(settings: Settings) -> Iterator[Problem]:
    """Features that do not exist, unless a mistake in `features` may be the reason."""
    known = feature_names(settings)
    if any(features(settings)):
        return
    for used in (_excluded, _accepted, _grouped, _segmented):
        for name, keys in as_far_as_valid(used(settings)):
            if name not in known:
                yield Problem(keys, unknown("feature", name, known))


def _excluded(settings: Settings) -> Iterator[tuple[str, Keys]]:
    for position, name in enumerate(settings.training.exclude):
        yield name, ("training", "exclude", position)


def _accepted(settings: Settings) -> Iterator[tuple[str, Keys]]:
    for position, name in enumerate(settings.training.leaks.accept):
        yield name, ("training", "leaks", "accept", position)


def _grouped(settings: Settings) -> Iterator[tuple[str, Keys]]:
    for position, name in enumerate(settings.training.gate.groups):
        yield name, ("training", "gate", "groups", position)


def _segmented(settings: Settings) -> Iterator[tuple[str, Keys]]:
    section = settings.segmentation
    if section is None:
        return
    for position, name in enumerate(section.features):
        yield name, ("segmentation", "features", position)
    for key in ("recency", "frequency", "monetary"):
        yield getattr(section, key), ("segmentation", key)
