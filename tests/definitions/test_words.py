"""Every code that stands in a table is explained."""

from pathlib import Path

from churn_spark.definitions.sources import REASONS
from churn_spark.definitions.words import EXCLUDED_MEANINGS, REASON_MEANINGS
from churn_spark.labels import rules


def test_every_reason_is_explained():
    assert set(REASONS) <= set(REASON_MEANINGS), "explain new ones in definitions/words.py"


def test_what_is_explained_of_labels_is_what_the_rules_say():
    text = Path(rules.__file__).read_text()
    assert [value for value in EXCLUDED_MEANINGS if f'"{value}"' not in text] == []
