"""What valid settings become: definitions, feature names, hashes, defaults."""

# ruff: noqa: E501 (a change stands whole on its line)

import copy
from contextlib import suppress
from datetime import date

import pytest
import yaml
from pydantic import ValidationError

from churn_spark.definitions.columns import Category
from churn_spark.definitions.features import Feature
from churn_spark.definitions.modelling import Candidate, TargetEncoding
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Tracking, Warehouse
from churn_spark.definitions.rules import Leaving, Population
from churn_spark.definitions.selection import Selection
from churn_spark.definitions.sources import Calendar, Delivered
from churn_spark.settings import errors, load
from churn_spark.settings.checks import contradictions
from churn_spark.settings.checks.sql import sql
from churn_spark.settings.partial import partial
from churn_spark.settings.resolve.project import project
from churn_spark.settings.root import Settings
from tests.settings.conftest import VALID, Write


def names(project: Project) -> list[str]:
    return [feature.name for feature in project.features.windowed]


def hashes(project: Project) -> dict[str, str]:
    return project.features.hashes


def test_the_sections_become_definitions(write: Write) -> None:
    project = load(write())
    assert (project.name, project.origin, project.zone) == ("shop", "conf/shop.yaml", "Europe/London")
    assert project.warehouse == Warehouse(path="warehouse")
    assert project.privacy == Privacy(mode="none")
    assert project.periods == Periods(gap=0, performance=28, lateness=0)
    assert project.population == Population(by="active", sources=("orders",), days=56)
    assert project.training.candidates == (
        Candidate("random_forest", (("trees", (50.0,)), ("depth", (8.0,)), ("leaf_rows", (8.0,)), ("bins", (32.0,)))),
    )
    orders = project.source("orders")
    assert orders.event_id == ("order",)
    assert orders.delivered == Delivered(unit="file", by="file_name", lag_days=1)
    assert orders.schema[:2] == (("customer", "string"), ("order", "bigint"))


def test_selection_and_target_encoding_are_off_unless_named_and_take_defaults(write: Write) -> None:
    plain = load(write()).training
    assert (plain.selection, plain.target_encoding) == (None, None)
    keys = "  selection: {max_correlation: 0.9}\n  target_encoding: {}"
    named = load(write(("  random_forest: {trees: 50}", f"  random_forest: {{trees: 50}}\n{keys}"))).training
    assert named.selection == Selection(max_correlation=0.9)
    assert named.target_encoding == TargetEncoding()


NAMES = {
    "{op: count, windows: 14}": ["orders_count_14d"],
    "{op: [mean, std], of: amount, windows: [7, 28]}": [
        "orders_amount_mean_7d", "orders_amount_mean_28d", "orders_amount_std_7d", "orders_amount_std_28d",
    ],
    "{op: max, of: amount}": ["orders_amount_max_7d", "orders_amount_max_28d", "orders_amount_max_56d"],
    "{op: tenure}": ["orders_tenure"],
    "{op: recency, windows: 28}": ["orders_recency_28d"],
    "{op: share, of: town, value: [St Albans, York], windows: 28}": [
        "orders_town_share_st_albans_28d", "orders_town_share_york_28d",
    ],
    "{op: share, of: town, value: York, measure: amount, windows: 28}": ["orders_town_share_york_amount_28d"],
    "{op: ewm, half_life: [7, 21]}": ["orders_ewm_h7_56d", "orders_ewm_h21_56d"],
    "{op: weekly, windows: 14}": [
        "orders_weekly_lag1_14d", "orders_weekly_lag2_14d", "orders_weekly_slope_14d", "orders_weekly_active_14d",
    ],
}  # fmt: skip


@pytest.mark.parametrize("line", NAMES)
def test_a_line_is_expanded_into_named_features(write: Write, line: str) -> None:
    before, after = load(write()), load(write(("  attributes: [age]", f"    - {line}\n  attributes: [age]")))
    assert names(after) == names(before) + NAMES[line]


def test_features_carry_their_parameters(write: Write) -> None:
    lines = "    - {op: ewm, half_life: 21}\n    - {op: weekly, windows: 14}\n    - {op: share, of: town, value: York, windows: 7}\n"
    project = load(write(("  attributes: [age]", lines + "  attributes: [age]")))
    by_name = {feature.name: feature for feature in project.features.windowed}
    chosen = {name: feature for name, feature in by_name.items() if feature.op in ("ewm", "share", "weekly_lag")}
    assert [_unhashed(feature) for feature in chosen.values()] == [
        Feature("orders_ewm_h21_56d", "orders", "ewm", window=56, half_life=21.0),
        Feature("orders_weekly_lag1_14d", "orders", "weekly_lag", window=14, lag=1),
        Feature("orders_weekly_lag2_14d", "orders", "weekly_lag", window=14, lag=2),
        Feature("orders_town_share_york_7d", "orders", "share", column="town", window=7, value="York"),
    ]


def _unhashed(feature: Feature) -> Feature:
    changed = copy.copy(feature)
    object.__setattr__(changed, "hash", "")
    return changed


def test_categories_are_completed_from_what_features_ask_for(write: Write) -> None:
    lines = (
        "    - {op: share, of: town, value: [York, Bath], measure: amount}\n"
        "    - {op: share, of: town, value: Ayr}\n"
        "    - {op: distinct, of: town}\n"
    )
    project = load(write(("  attributes: [age]", lines + "  attributes: [age]")))
    assert project.source("orders").categories == (
        Category("town", "town", values=("Ayr", "Bath", "York"), measures=("amount",), distinct=True),
    )
    assert load(write()).source("orders").categories == (Category("town", "town"),)


def test_a_derived_feature_knows_its_inputs(write: Write) -> None:
    changed = (
        "pace: try_divide(orders_count_7d, orders_count_28d)",
        "pace: \"if(age > 30, orders_count_7d, 0) -- 'x'\"",
    )
    derived = load(write(changed)).features.derived[0]
    assert derived.inputs == ("orders_count_7d", "age")


CHANGES = {
    "nothing": ((), set()),
    "a comment": ((("name: shop", "# hello\nname: shop"),), set()),
    "the path": ((("landing/orders", "elsewhere/orders"),), set()),
    "a model": ((("trees: 50", "trees: 60"),), set()),
    "a check": ((("paid >= 0", "paid > 0"),), {"orders", "pace"}),
    "the customer": ((("    customer_id: customer\n    event_id", "    customer_id: upper(customer)\n    event_id"),), {"orders", "pace"}),
    "the time": ((("event_time: at", "event_time: at + INTERVAL 1 DAY"),), {"orders", "pace"}),
    "the measure": ((("{expression: paid,", "{expression: paid * 2,"),), {"orders_amount"}),
    "its cleaning": ((("max_abs: 10000}", "max_abs: 10000, cleaning: {outliers: clip}}"),), {"orders_amount"}),
    "dropping its rows": ((("max_abs: 10000}", "max_abs: 10000, cleaning: {missing: drop}}"),), {"orders", "pace"}),
    "an attribute": ((("{expression: age,", "{expression: age + 1,"),), {"age"}),
    "a derived one": ((("orders_count_28d)", "orders_count_56d)"),), {"pace"}),
    "the zone": ((("Europe/London", "Europe/Paris"),), {"orders", "pace", "age"}),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=list(CHANGES))
def test_a_hash_changes_with_what_its_values_follow_from(write: Write, change: str) -> None:
    edits, prefixes = CHANGES[change]
    before, after = hashes(load(write())), hashes(load(write(*edits)))
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {
        name for name in before if name.startswith(tuple(prefixes))
    }


LEFT = {"orders_left_partners_56d", "orders_community_left_56d"}
PARTNERS = (
    ("    checks:\n", "    counterparty: town\n    checks:\n"),
    ("{op: recency}", "{op: [recency, degree, left_partners, pagerank, community_left], windows: 56}"),
)


@pytest.mark.parametrize(
    ("change", "leaving"),
    [
        (("name: shop", "name: shop"), Leaving(("orders",), after=28)),
        (("  attributes: [age]", "  attributes: [age]\n  left_after: 14"), Leaving(("orders",), after=14)),
        (("rule: inactivity,", "rule: event, filter: town = 'York',"), Leaving(("orders",), filter="town = 'York'")),
    ],
    ids=["silence as long as the performance window", "silence as long as said", "the event of the label"],
)
def test_partners_leave_as_customers_do(write: Write, change: tuple[str, str], leaving: Leaving) -> None:
    before, after = load(write(*PARTNERS)), load(write(*PARTNERS, change))
    assert after.features.leaving == leaving
    differing = {name for name, digest in hashes(after).items() if digest != hashes(before)[name]}
    assert differing == (set() if leaving == before.features.leaving else LEFT)


def test_no_leaving_is_defined_without_a_feature_that_uses_it(write: Write) -> None:
    assert load(write(PARTNERS[0])).features.leaving is None


def test_who_a_partner_is_changes_what_comes_from_networks(write: Write) -> None:
    before, after = load(write(*PARTNERS)), load(write(*PARTNERS, ("counterparty: town", "counterparty: upper(town)")))
    differing = {name for name, digest in hashes(after).items() if digest != hashes(before)[name]}
    assert differing == {"orders_degree_56d", "orders_pagerank_56d", *LEFT}


def test_every_hash_is_its_own(write: Write) -> None:
    all_hashes = hashes(load(write()))
    assert len(set(all_hashes.values())) == len(all_hashes) == 9


def test_a_calendar_is_spelt_out(write: Write) -> None:
    expected = "      expected: {weekdays: [sun, mon], closed: [2026-01-05, {first: 2026-03-01, last: 2026-03-02}]}\n"
    project = load(write(("      lag_days: 1\n", expected)))
    assert project.source("orders").delivered.expected == Calendar(
        weekdays=(1, 7), closed=(date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 2))
    )


def test_an_environment_is_merged_over_the_file(write: Write) -> None:
    path = write(
        prod="warehouse: {path: null, schema: main.churn}\nfeatures: {windows: [28, 56]}\nscoring: {high_share: 0.1}\n"
    )
    project = load(path, env="prod")
    assert project.warehouse == Warehouse(schema="main.churn")
    assert project.scoring.value == "orders_amount_sum_56d * 6"
    assert project.scoring.high_share == 0.1
    assert "orders_count_7d" not in project.features.hashes


def test_a_mistake_names_the_file_its_value_came_from(write: Write) -> None:
    path = write(("every: 28", "every: 0"), prod="privacy: none\nscoring:\n  high_share: lots\n")
    assert errors(path, env="prod") == [
        "conf/env/prod.yaml:3: scoring.high_share: 'lots' is not a number",
        "conf/shop.yaml:42: snapshots.every: 0 must be at least 1",
    ]


def test_a_missing_environment(write: Write) -> None:
    assert errors(write(prod="{}"), env="prd") == [
        "conf/env/prd.yaml: there is no environment 'prd'. Did you mean prod? There are: prod"
    ]


def test_variables_are_replaced_in_paths(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDING_OF_TEST", "/data")
    monkeypatch.delenv("STORE_OF_TEST", raising=False)
    changes = (
        ("landing/orders", "${LANDING_OF_TEST}/orders"),
        ("{path: warehouse}", "{path: '${STORE_OF_TEST:-store}/w'}"),
    )
    project = load(write(*changes))
    assert (project.source("orders").path, project.warehouse.path) == ("/data/orders", "store/w")


EVERY_ADDRESS = """
warehouse: {path: "${PLACE_OF_TEST}/tables"}
privacy: {key_file: "${PLACE_OF_TEST}/key"}
sources: {people: {path: "${PLACE_OF_TEST}/people"}}
tracking: {uri: "${PLACE_OF_TEST}/mlflow", models: "${PLACE_OF_TEST}/models"}
report: "${PLACE_OF_TEST}/report.html"
"""


def test_variables_are_replaced_in_every_path_and_address(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE_OF_TEST", "s3a://bucket")
    project = load(write(("privacy: none\n", ""), prod=EVERY_ADDRESS), env="prod")
    assert project.warehouse == Warehouse("s3a://bucket/tables")
    assert project.privacy.key_file == "s3a://bucket/key"
    assert project.source("people").path == "s3a://bucket/people"
    assert project.tracking == Tracking("s3a://bucket/mlflow", models="s3a://bucket/models")
    assert project.report_path == "s3a://bucket/report.html"
    monkeypatch.setenv("PLACE_OF_TEST", "main.churn")
    by_name = load(write(prod='warehouse: {path: null, schema: "${PLACE_OF_TEST}"}'), env="prod")
    assert by_name.warehouse == Warehouse(schema="main.churn")


def test_the_value_of_a_variable_is_checked_like_one_in_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE_OF_TEST", "")
    path = write(prod='warehouse: {path: null, schema: "${PLACE_OF_TEST}"}\ntracking: {models: "${PLACE_OF_TEST}"}')
    assert errors(path, env="prod") == [
        "conf/env/prod.yaml:1: warehouse.schema: is empty",
        "conf/env/prod.yaml:2: tracking.models: is empty",
    ]


VALUES = yaml.safe_load(VALID)
ODD = (None, -1, "x", [], ["x"], {1: 2}, True)


def _places(values: object, keys: tuple = ()) -> list[tuple]:
    items = (
        list(values.items())
        if isinstance(values, dict)
        else list(enumerate(values))
        if isinstance(values, list)
        else []
    )
    return [place for key, value in items for place in ((*keys, key), *_places(value, (*keys, key)))]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_any_value_at_any_key_is_reported_or_accepted_and_never_crashes(odd: object) -> None:
    for place in _places(VALUES):
        values = copy.deepcopy(VALUES)
        group = values
        for key in place[:-1]:
            group = group[key]
        group[place[-1]] = odd
        settings = partial(Settings, values)
        mistakes = [*contradictions(settings), *sql(settings, lambda columns, expression: "double")]
        with suppress(ValidationError):
            whole = Settings.model_validate(values)
            assert mistakes or project(whole, "conf/shop.yaml")
