"""Who is to be acted upon, by what, and who is withheld."""

from dataclasses import dataclass
from typing import Literal, get_args

Channel = Literal["email", "sms", "phone", "letter", "app"]
Language = Literal["en", "zh"]
Arm = Literal["treated", "control", "explore", "none"]
"""What became of a plan: carried out, withheld, replaced by an action at random, or there was none."""
MOST_ACTIONS = 12
"""Customers are grouped by the set of actions that pay for them."""
OTHERS = "others"
"""The audience of customers whom no condition of `audiences` holds for."""
SCORE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("customer_id", "string"),
    ("as_of_date", "date"),
    ("segment", "string"),
    ("risk", "double"),
    ("raw_score", "double"),
    ("risk_rank", "bigint"),
    ("decile", "int"),
    ("tier", "string"),
    ("value", "double"),
    ("expected_loss", "double"),
    ("expected_days", "double"),
)
"""Columns of `risk_scores` that conditions about customers may use, with their types; they hide features so named."""

Kind = Literal["high_risk", "risk_jump", "silent"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Kinds of alerts: a high risk, a risk that rose, a customer overdue against the own rhythm."""
Part = Literal["title", "text"]
PARTS: tuple[Part, ...] = get_args(Part)
WITHIN_DAYS = 35
"""Days before an as-of date whose scores it is compared with, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Customers for whom the SQL condition over `risk_scores` and the features holds; the first that holds counts."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class Holdout:
    """Who is withheld from actions, by keyed hashes of the customer.

    control: share of customers who are never acted upon. explore: share of the others who get an admissible action at
    random. salt: the key of the hashes; another one draws other customers.
    """

    control: float = 0.1
    explore: float = 0.05
    salt: str = "churn_spark"


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done to keep a customer.

    cost: money for one customer. effect: share of those about to leave who stay because of it, 0 to 1. capacity: most
    customers on one as-of date; None: no limit. condition: SQL over `risk_scores`, the features and `audience`, whom it
    suits; None: everybody.
    """

    name: str
    channel: Channel
    cost: float
    effect: float
    capacity: int | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Interventions:
    """The playbook: at most MOST_ACTIONS actions, and what may be spent and asked of a customer.

    budget: money on one as-of date; None: no limit. most_contacts: most planned actions of one customer in
    `contact_days` days, the as-of date included. export: folder of the files for the CRM; None: there are none.
    """

    actions: tuple[Action, ...]
    budget: float | None = None
    most_contacts: int = 1
    contact_days: int = 28
    holdout: Holdout = Holdout()
    export: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """From where on a risk is high. by `tier`: that tier or above; `risk`: at least `risk`; `riskiest`: the `customers`
    with the highest scores of the audience; `model`: the threshold of the model that made the scores.
    """

    by: Literal["tier", "risk", "riskiest", "model"]
    tier: Literal["high", "medium"] = "high"
    risk: float = 0.0
    customers: int = 0


@dataclass(frozen=True, slots=True)
class HighRisk:
    """Alerts about high risks. by_audience: other lines, by the name of the audience."""

    line: Line
    by_audience: tuple[tuple[str, Line], ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return (self.line, *(line for _, line in self.by_audience))


@dataclass(frozen=True, slots=True)
class RiskJump:
    """Alerts about a risk that rose by `rise` since the newest earlier scores, at most `within_days` days before."""

    rise: float
    within_days: int = WITHIN_DAYS
    by_audience: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Silent:
    """Alerts about customers whose feature, their silence in usual intervals, is at least `times`."""

    feature: str
    times: float
    by_audience: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Wave:
    """More new alerts than `times` the median of the last `dates` dates are not written."""

    times: float = 3.0
    dates: int = 8


@dataclass(frozen=True, slots=True)
class Template:
    """The template of a kind's title or text. origin: the file it comes from."""

    kind: Kind
    part: Part
    source: str
    origin: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """Which alerts there are, None: not this kind, and how they read.

    cooldown_days: a customer has no second alert of a kind within so many days, unless the tier rose. reasons: the most
    reasons named in a text. texts: a title and a text for each kind.
    """

    high_risk: HighRisk | None = None
    risk_jump: RiskJump | None = None
    silent: Silent | None = None
    cooldown_days: int = 28
    wave: Wave = Wave()
    reasons: int = 3
    language: Language = "en"
    texts: tuple[Template, ...] = ()

    @property
    def within_days(self) -> int:
        """Days before an as-of date whose scores it is compared with."""
        return self.risk_jump.within_days if self.risk_jump else WITHIN_DAYS

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)
