"""Each mistake is told whole: file, line, key, value, what is allowed, what was probably meant."""

# ruff: noqa: E501 (a message stands whole on its line)

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

ORDERS = "    checks:\n"
"""Where a key of the source `orders` can be put in."""

MISTAKES = [
    # what the models refuse
    (
        ("by: file_name", "by: filename"),
        "14: sources.orders.delivered.by: 'filename' is not one of file_name, column, event. Did you mean file_name?",
    ),
    (
        ("    format: csv\n", "    format: csv\n    formt: csv\n"),
        "8: sources.orders.formt: unknown key. Did you mean format? Known here: kind, format, path, schema, options, "
        "customer_id, event_id, event_time, counterparty, time_zone, delivered, measures ... (19 in all)",
    ),
    (
        ("trees: 50", "tres: 50"),
        "44: training.random_forest.tres: unknown key. Did you mean trees? Known here: trees, depth, leaf_rows",
    ),
    (("max_abs: 10000", "max_abs: lots"), "17: sources.orders.measures.amount.max_abs: 'lots' is not a number"),
    (("scale: 2", "scale: 2.5"), "17: sources.orders.measures.amount.scale: 2.5 is not a whole number"),
    (
        ("scale: 2, ", ""),
        "17: sources.orders.measures.amount: scale is missing (Decimals kept: 2 for cents, 0 for counts)",
    ),
    (("every: 28", "every: 0"), "42: snapshots.every: 0 must be at least 1"),
    (
        ("first: 2026-01-01", "first: soon"),
        "42: snapshots.first: 'soon' is not a date of the calendar; write YYYY-MM-DD",
    ),
    (
        ("first: 2026-01-01", "first: 2026-13-01"),
        "42: snapshots.first: '2026-13-01' is not a date of the calendar; write YYYY-MM-DD",
    ),
    (
        ("      lag_days: 1", "      expected: {closed: [2026-12-25, 2026-02-30]}"),
        "15: sources.orders.delivered.expected.closed[1]: '2026-02-30' is not a date of the calendar; write YYYY-MM-DD",
    ),
    (
        ("privacy: none", "privacy: none\nretention: {vacuum_hours: 167}"),
        "5: retention.vacuum_hours: 167 must be at least 168",
    ),
    (
        ("zone: Europe/London", "zone: Europe/Londn"),
        "2: zone: 'Europe/Londn' is not a time zone such as Europe/London. Did you mean Europe/London?",
    ),
    (("windows: [7, 28, 56]", "windows: [7, -28, 56]"), "34: features.windows[1]: -28 must be at least 1"),
    (("windows: [7, 28, 56]", "windows: []"), "34: features.windows: is empty; at least one is needed"),
    (("{op: count}", "count"), "36: features.orders[0]: 'count' is not a group of keys"),
    (
        ("{op: count}", "{op: cuont}"),
        "36: features.orders[0].op: 'cuont' is not one of count, sum, mean, std, min, max, first, last, delta, active_days, "
        "recency, tenure ... (32 in all). Did you mean count?",
    ),
    (
        ("    pace:", "    Pace:"),
        "41: features.derived.Pace: 'Pace' is not a name: lower-case letters, digits and _, beginning with a letter",
    ),
    (
        ("paid: double", "paid: dubble"),
        "9: sources.orders.schema.paid: 'dubble' is not one of string, boolean, tinyint, smallint, int, bigint, float, double, "
        "decimal(18,2), date, timestamp, timestamp_ntz ... (13 in all). Did you mean double?",
    ),
    (
        ("type: int", "type: integer"),
        "30: sources.people.attributes.age.type: 'integer' is not one of string, int, bigint, double, date, boolean. Did you "
        "mean int?",
    ),
    (("name: shop", "name: 5"), "1: name: 5 is not text; put it in quotes if it is meant as text"),
    (
        ("snapshots: {first: 2026-01-01, every: 28}\n", ""),
        "1: snapshots is missing (The as-of dates models learn from)",
    ),
    (
        ("      by: file_name", "      by: file_name\n      pattern: '[0-9]+'"),
        "15: sources.orders.delivered.pattern: '[0-9]+' has no group (?P<date>...) for the date in the file's name",
    ),
    (
        (ORDERS, "    options: {seperator: ;}\n" + ORDERS),
        "20: sources.orders.options.seperator: 'seperator' is not one of sep, quote, escape, encoding, comment, nullValue, "
        "nanValue, emptyValue, dateFormat, timestampFormat, timestampNTZFormat, locale ... (19 in all)",
    ),
    # the file itself
    (
        ("      lag_days: 1", "      lag_days: 1\n      lag_days: 1"),
        "16: sources.orders.delivered.lag_days: the key stands here twice",
    ),
    (("      lag_days: 1", "      lag_days: [1"), "16: is not YAML: expected ',' or ']', but got ':'"),
    (
        ("path: landing/orders", "path: ${LANDING_OF_TEST}/orders"),
        "8: sources.orders.path: the environment variable LANDING_OF_TEST is not set",
    ),
    (
        ("event_id: order\n", "event_id: ${ORDER_ID}\n"),
        "11: sources.orders.event_id: environment variables are replaced in paths only",
    ),
    # places and privacy
    (("{path: warehouse}", "{path: w, schema: main.churn}"), "3: warehouse: give either path or schema"),
    (("privacy: none", "privacy: nobody"), "4: privacy: 'nobody' is not one of pseudonym, none"),
    (
        ("privacy: none", "privacy: {key_env: 8f3a-secret}"),
        "4: privacy.key_env: is not the name of an environment variable (the key itself never stands in the configuration)",
    ),
    (
        ("privacy: none", "privacy: pseudonym"),
        ("expression: paid,", "expression: CAST(customer AS INT),"),
        "17: sources.orders.measures.amount: is made from 'customer', which identifies a person, and only text becomes a "
        "pseudonym; leave it out, or say privacy: none if the data are public",
    ),
    # deliveries
    (
        ("      by: file_name", "      by: column"),
        "13: sources.orders.delivered.column: by: column needs the raw column that holds the nominal date",
    ),
    (
        ("      by: file_name", "      by: column\n      column: att"),
        "15: sources.orders.delivered.column: there is no column 'att'. Did you mean at? There are: customer, order, at, paid, "
        "town",
    ),
    (
        ("      by: file_name", "      by: file_name\n      unit: version"),
        "15: sources.orders.delivered.unit: 'version' does not go with format csv; use file or folder",
    ),
    (
        ("    format: csv", "    format: delta"),
        "14: sources.orders.delivered.by: a Delta source has no file names to take a date from; use column or event",
    ),
    (
        ("      lag_days: 1", "      lag_days: 0"),
        "15: sources.orders.delivered.lag_days: 0 would have a file known at the start of its own day; use 1 or more",
    ),
    (
        ("      lag_days: 1", "      expected: {closed: [{first: 2026-01-05, last: 2026-01-01}]}"),
        "15: sources.orders.delivered.expected.closed[0]: the span ends on 2026-01-01, before it begins on 2026-01-05",
    ),
    (
        (ORDERS, "    limits: {no_custmer: 0.5}\n" + ORDERS),
        "20: sources.orders.limits.no_custmer: 'no_custmer' is not one of unparsable, bad_encoding, control_character, "
        "too_long, no_customer, no_time, id_missing, future_event, too_large, duplicate, id_conflict, paid_back ... "
        "(22 in all). Did you mean no_customer?",
    ),
    (
        ("      paid_back:", "      duplicate:"),
        "21: sources.orders.checks.duplicate: 'duplicate' is a reason of the suite's own; choose another name",
    ),
    # columns
    (
        ("    event_time: at\n", ""),
        "6: sources.orders: event_time is missing; a source of events needs it",
    ),
    (
        ("    kind: customers\n", "    kind: customers\n    event_time: age\n"),
        "24: sources.people.event_time: does not go with kind customers",
    ),
    (
        (ORDERS, "    identifiers: [twon]\n" + ORDERS),
        "20: sources.orders.identifiers[0]: there is no column 'twon'. Did you mean town? There are: customer, order, at, paid, "
        "town",
    ),
    (
        (ORDERS, "    counterparty: order\n" + ORDERS),
        ("      town: {exp", "      counterparty: {exp"),
        "19: sources.orders.categories.counterparty: 'counterparty' is a column of the suite's own; choose another name",
    ),
    (
        ("    customer_id: customer\n    delivered", "    customer_id: customer\n    counterparty: age\n    delivered"),
        "28: sources.people.counterparty: does not go with kind customers",
    ),
    (
        ("      town: {exp", "      known_from: {exp"),
        "19: sources.orders.categories.known_from: 'known_from' is a column of the suite's own; choose another name",
    ),
    (
        ("      town: {exp", "      length: {exp"),
        "19: sources.orders.categories.length: 'length' is a column of the suite's own; choose another name",
    ),
    (
        ("max_abs: 10000", "max_abs: 1.0e+14"),
        "17: sources.orders.measures.amount.max_abs: 1e+14 at scale 2 could overflow a sum of squares over 56 days of up to 10000 events; "
        "at most 1.06e+10 fits",
    ),
    (
        ("{expression: town}", "{expression: town, cleaning: {missing: mean}}"),
        "19: sources.orders.categories.town.cleaning.missing: 'mean' goes with measures only; for a category use one of null, "
        "indicator, drop, constant, mode, last_known",
    ),
    (
        ("max_abs: 10000", "cleaning: {missing: constant, constant: none}"),
        "17: sources.orders.measures.amount.cleaning.constant: 'none' is not a number",
    ),
    (
        ("max_abs: 10000", "max_abs: 100, cleaning: {missing: constant, constant: -101}"),
        "17: sources.orders.measures.amount.cleaning.constant: -101 is beyond the measure's max_abs of 100",
    ),
    # features
    (
        ("of: amount}", "of: amout}"),
        "37: features.orders[1].of: there is no measure 'amout' in orders. Did you mean amount? There are: amount",
    ),
    (
        ("{op: sum, of: amount}", "{op: sum}"),
        "37: features.orders[1]: of is missing; sum needs a measure of orders: amount",
    ),
    (
        ("{op: count}", "{op: count, of: amount}"),
        "36: features.orders[0].of: count is of whole events and takes no column",
    ),
    (
        ("{op: recency}", "{op: weekly, windows: 30}"),
        "38: features.orders[2].windows: weekly needs windows of whole weeks, at least two; 30 days are not",
    ),
    (("{op: recency}", "{op: ewm}"), "38: features.orders[2]: half_life is missing; ewm needs it"),
    (("{op: recency}", "{op: recency, half_life: 7}"), "38: features.orders[2].half_life: goes with ewm only"),
    (
        ("{op: recency}", "{op: tenure, windows: 7}"),
        "38: features.orders[2].windows: tenure looks at the whole lifetime and takes no windows",
    ),
    (
        ("{op: recency}", "{op: degree}"),
        "38: features.orders[2].op: degree needs partners: give sources.orders.counterparty",
    ),
    (
        ("{op: recency}", "{op: pagerank}"),
        "38: features.orders[2].op: pagerank needs partners: give sources.orders.counterparty",
    ),
    (
        (ORDERS, "    counterparty: town\n" + ORDERS),
        ("{op: recency}", "{op: degree, of: town}"),
        "39: features.orders[2].of: degree is of whole events and takes no column",
    ),
    (
        ("rule: inactivity,", "rule: event,"),
        ("  attributes: [age]", "  left_after: 28"),
        ("    pace: try_divide(orders_count_7d, orders_count_28d)", "    pace: orders_count_7d"),
        "39: features.left_after: does not go with label rule event: by that event partners leave",
    ),
    (
        ("{op: recency}", "{op: share, of: town, value: [New York, NEW YORK]}"),
        "38: features.orders[2].value: 'New York' and 'NEW YORK' of town give the same name",
    ),
    (
        (
            "{op: recency}",
            "{op: share, of: town, value: New-York, windows: 7}\n    - {op: share, of: town, value: New_York, windows: 28}",
        ),
        "39: features.orders[3].value: 'New-York' and 'New_York' of town give the same name",
    ),
    (
        ("{op: recency}", "{op: [recency, recency]}"),
        "38: features.orders[2]: the feature orders_recency_56d is there already",
    ),
    (
        ("    pace:", "    orders_count_7d:"),
        "41: features.derived.orders_count_7d: the feature orders_count_7d is there already",
    ),
    (
        ("    pace:", "    customer_id:"),
        "41: features.derived.customer_id: 'customer_id' is a column of the suite's own; choose another name",
    ),
    (
        ("attributes: [age]", "attributes: [aeg]"),
        "39: features.attributes[0]: there is no attribute 'aeg'. Did you mean age? There are: age",
    ),
    (
        ("  attributes: [age]", "  oders:\n    - {op: count}"),
        "39: features.oders: 'oders' is neither a source nor a key. Did you mean orders? Known here: windows, attributes, "
        "left_after, derived, orders, people",
    ),
    (
        ("  attributes: [age]", "  people:\n    - {op: count}"),
        "39: features.people: is a source of customers; list its columns under features.attributes",
    ),
    # population, label, models
    (
        ("sources: [orders], days", "sources: [order], days"),
        "31: population.sources: there is no source of events 'order'. Did you mean orders? There are: orders",
    ),
    (("days: 56}", "days: 90}"), "31: population.days: 90 days are more than the longest window, 56"),
    (
        ("{by: active, sources: [orders], days: 56}", "{by: contract}"),
        "31: population: expression is missing; by: contract needs it",
    ),
    (
        ("sources: [orders], perf", "sources: [people], perf"),
        "32: label.sources: 'people' is a source of customers; a source of events is needed",
    ),
    (
        ("lag_days: 1", "lag_days: 4"),
        "32: label.lateness: 0 is too short: orders is delivered with lag_days 4, so at least 3",
    ),
    (("rule: inactivity,", "rule: decline,"), "32: label: measure is missing; rule decline needs it"),
    (("rule: inactivity,", "rule: inactivity, measure: amount,"), "32: label.measure: goes with rule decline only"),
    (
        (ORDERS, "    starts: 2026-02-01\n" + ORDERS),
        "43: snapshots.first: 2026-01-01 is not after 2026-02-01, the first day of orders",
    ),
    (
        ("  random_forest: {trees: 50}\n", "  folds: 3\n"),
        "43: training: no model to train; name logistic_regression, random_forest or both ({} takes the default grid)",
    ),
    (
        ("frequency: orders_count_56d", "frequency: orders_count_65d"),
        "46: segmentation.frequency: there is no feature 'orders_count_65d'. Did you mean orders_count_56d? There are: "
        "orders_count_7d, orders_count_28d, orders_count_56d, orders_amount_sum_7d, orders_amount_sum_28d, "
        "orders_amount_sum_56d, orders_recency_56d, age, pace",
    ),
    (
        ("scoring: {", "scoring: {high_share: 0.5, medium_share: 0.6, "),
        "45: scoring: high_share 0.5 and medium_share 0.6 exceed 1",
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[-1].split(": ")[1] for mistake in MISTAKES])
def test_a_mistake_is_told_alone_and_whole(write: Write, mistake: tuple) -> None:
    *changes, told = mistake
    assert errors(write(*changes)) == [f"conf/shop.yaml:{told}"]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    path = write(
        ("by: file_name", "by: filename"),
        ("{op: count}", "{op: cuont}"),
        ("of: amount}", "of: amout}"),
        ("performance: 28", "performance: 28, lateness: two"),
        ("every: 28", "every: 28.5"),
        ("trees: 50", "trees: many"),
    )
    assert [line.split(": ")[:2] for line in errors(path)] == [
        ["conf/shop.yaml:14", "sources.orders.delivered.by"],
        ["conf/shop.yaml:32", "label.lateness"],
        ["conf/shop.yaml:36", "features.orders[0].op"],
        ["conf/shop.yaml:37", "features.orders[1].of"],
        ["conf/shop.yaml:42", "snapshots.every"],
        ["conf/shop.yaml:44", "training.random_forest.trees"],
    ]


def test_a_date_that_is_none_and_a_key_that_stands_twice_hide_no_other_mistake(write: Write) -> None:
    path = write(
        ("name: shop", "name: shop\nname: shop"),
        ("    format: csv\n", "    format: csv\n    formt: csv\n    starts: 2027-02-30\n"),
        ("      lag_days: 1", "      history_until: 2017-12-45"),
        ("windows: [7, 28, 56]", "windows: [7, -28, 56]"),
        ("performance: 28", "performance: 0"),
        ("first: 2026-01-01", "first: 0b_"),
    )
    assert [line.split(": ")[:2] for line in errors(path)] == [
        ["conf/shop.yaml:2", "name"],
        ["conf/shop.yaml:9", "sources.orders.formt"],
        ["conf/shop.yaml:10", "sources.orders.starts"],
        ["conf/shop.yaml:18", "sources.orders.delivered.history_until"],
        ["conf/shop.yaml:35", "label.performance"],
        ["conf/shop.yaml:37", "features.windows[1]"],
        ["conf/shop.yaml:45", "snapshots.first"],
    ]


def test_a_key_that_stands_twice_in_an_environment_is_told_there(write: Write) -> None:
    path = write(("zone: Europe/London", "zone: Europe/Londn"), prod="name: a\nname: b\n")
    assert [line.split(": ")[0] for line in errors(path, "prod")] == ["conf/env/prod.yaml:2", "conf/shop.yaml:2"]


def test_a_source_that_cannot_be_read_is_not_called_unknown_elsewhere(write: Write) -> None:
    assert errors(write(("    customer_id: customer\n    event_id", "    event_id"))) == [
        "conf/shop.yaml:6: sources.orders: customer_id is missing (SQL over the raw columns: whose row it is (text or whole "
        "number))"
    ]


def test_lines_keep_their_place_behind_a_wrong_one(write: Write) -> None:
    path = write(("{op: count}", "{op: count, windw: 7}"), ("{op: recency}", "{op: mean, of: amonut}"))
    assert errors(path)[1].startswith("conf/shop.yaml:38: features.orders[2].of: there is no measure 'amonut'")


def test_load_raises_one_error_with_every_line(write: Write) -> None:
    path = write(("every: 28", "every: 0"), ("privacy: none", "privacy: nobody"))
    with pytest.raises(ConfigError) as raised:
        load(path)
    assert str(raised.value).splitlines() == errors(path)
    assert len(errors(path)) == 2


def test_a_file_that_is_not_there(write: Write) -> None:
    write()
    assert errors("conf/shp.yaml") == ["conf/shp.yaml: there is no such file. Did you mean shop.yaml?"]


def test_a_file_that_holds_no_keys(write: Write) -> None:
    path = write()
    path.write_text("just a text", encoding="utf-8")
    assert errors(path) == ["conf/shop.yaml: is not a group of keys (`name: ...`, `zone: ...`)"]
