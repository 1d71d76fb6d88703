"""The companies that can be simulated."""

from churn_spark.simulate.bank import BANK, BANK_FEEDS
from churn_spark.simulate.domain import Domain
from churn_spark.simulate.feeds import Feed
from churn_spark.simulate.telecom import TELECOM, TELECOM_FEEDS

DOMAINS: dict[str, Domain] = {"telecom": TELECOM, "bank": BANK}
FEEDS: dict[str, tuple[Feed, ...]] = {"telecom": TELECOM_FEEDS, "bank": BANK_FEEDS}
