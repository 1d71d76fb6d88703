"""Each mistake is reported with file, line, key, value, what is allowed and what was probably meant."""

# ruff: noqa: E501 (a message stands whole on its line)

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.models.families import family, named
from churn_spark.settings import errors, load
from churn_spark.settings.checks.columns import EVENT_COLUMNS
from churn_spark.settings.checks.features import RESERVED
from tests.settings.conftest import Write

ORDERS = "    checks:\n"
"""Where a key of the source `orders` can be inserted."""

EXAMPLE = "a date pattern of Java's DateTimeFormatter, such as dd.MM.yyyy HH:mm:ss or yyyy-MM-dd'T'HH:mm:ssXXX"
OPTIONS = [
    ("escape: ab", "escape", "'ab' is not a single character other than a line break ('' for none)"),
    ("comment: '##'", "comment", "'##' is not a single character other than a line break ('' for none)"),
    ("quote: 😀", "quote", "'😀' is not a single character other than a line break ('' for none)"),
    ("multiLine: 'yes'", "multiLine", "'yes' is not true or false"),
    ("sep: ''", "sep", "'' is not a separator of columns, such as ; or \\t"),
    (r"sep: '\x'", "sep", r"'\\x' is not a separator of columns, such as ; or \t"),
    ("sep: '\"'", "sep", "'\"' is also the quote character; use another separator, or quote: '' for none"),
    ("sep: '|', comment: '|'", "comment", "'|' is also in the separator (sep); use another character"),
    ("lineSep: abc", "lineSep", "'abc' is not one or two characters; write a line break as \"\\n\" in double quotes"),
    ("timestampFormat: ' '", "timestampFormat", f"' ' is not {EXAMPLE}"),
    (
        "encoding: klingon",
        "encoding",
        "'klingon' is not a supported encoding. Known: UTF-8, windows-1252, ISO-8859-1, UTF-16, Big5, EUC-JP, EUC-KR, "
        "GB18030, GB2312, GBK, IBM437, IBM850 ... (46 in all)",
    ),
    ("nanValue: n/a", "nanValue", "has no effect: use nullValue for a text that means no value"),
    (
        "timestampNTZFormat: dd.MM.yyyy",
        "timestampNTZFormat",
        "has no effect: no column in schema has type timestamp_ntz; use timestampFormat for timestamp",
    ),
]
"""Options of the source `orders`: as written, the name of the invalid one, the message."""

MISTAKES = [
    # what the models refuse
    (
        ("by: file_name", "by: filename"),
        "14: sources.orders.delivered.by: 'filename' is not one of file_name, modified, column, event. Did you mean file_name?",
    ),
    (
        ("    format: csv\n", "    format: csv\n    formt: csv\n"),
        "8: sources.orders.formt: unknown key. Did you mean format? Known here: kind, format, path, schema, options, "
        "customer_id, event_id, event_time, counterparty, time_zone, delivered, measures ... (22 in all)",
    ),
    (
        ("trees: 50", "tres: 50"),
        "44: training.random_forest.tres: unknown key. Did you mean trees? Known here: trees, depth, leaf_rows, bins",
    ),
    (
        ("by: file_name", "by: modified\n      unit: folder"),
        "14: sources.orders.delivered.by: 'modified' needs unit: file; here a delivery is a folder",
    ),
    (("max_abs: 10000", "max_abs: lots"), "17: sources.orders.measures.amount.max_abs: 'lots' is not a number"),
    (("scale: 2", "scale: 2.5"), "17: sources.orders.measures.amount.scale: 2.5 is not a whole number"),
    (
        ("scale: 2, ", ""),
        "17: sources.orders.measures.amount: scale is missing (Number of decimals stored: 2 for cents, 0 for counts)",
    ),
    (("every: 28", "every: 0"), "42: snapshots.every: 0 must be at least 1"),
    (
        ("first: 2026-01-01", "first: soon"),
        "42: snapshots.first: 'soon' is not a date; write YYYY-MM-DD",
    ),
    (
        ("first: 2026-01-01", "first: 2026-13-01"),
        "42: snapshots.first: '2026-13-01' is not a date; write YYYY-MM-DD",
    ),
    (
        ("      lag_days: 1", "      expected: {closed: [2026-12-25, 2026-02-30]}"),
        "15: sources.orders.delivered.expected.closed[1]: '2026-02-30' is not a date; write YYYY-MM-DD",
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
    (("{op: count}", "count"), "36: features.orders[0]: 'count' is not a group of keys; write key: value pairs"),
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
    (("name: shop", "name: 5"), "1: name: 5 is not text; quote it if it is meant as text"),
    (
        ("snapshots: {first: 2026-01-01, every: 28}\n", ""),
        "1: snapshots is missing (The as-of dates that models learn from)",
    ),
    (
        ("      by: file_name", "      by: file_name\n      pattern: '[0-9]+'"),
        "15: sources.orders.delivered.pattern: '[0-9]+' has no group (?P<date>...) for the date in the file's name",
    ),
    (
        (ORDERS, "    options: {seperator: ;}\n" + ORDERS),
        "20: sources.orders.options.seperator: 'seperator' is not one of sep, quote, escape, encoding, comment, nullValue, "
        "emptyValue, multiLine, ignoreLeadingWhiteSpace, ignoreTrailingWhiteSpace, lineSep, dateFormat ... (15 in all)",
    ),
    *(
        ((ORDERS, f"    options: {{{given}}}\n{ORDERS}"), f"20: sources.orders.options.{option}: {says}")
        for given, option, says in OPTIONS
    ),
    (
        ("    format: csv\n", "    format: json\n    options: {encoding: UTF-16}\n"),
        "8: sources.orders.options.encoding: has no effect with format: json; remove it. JSON is read as UTF-8, one object per line. "
        "Known there: allowSingleQuotes, lineSep, dateFormat, timestampFormat, timestampNTZFormat",
    ),
    (
        ("    format: parquet\n", "    format: parquet\n    options: {sep: ;}\n"),
        "25: sources.people.options.sep: has no effect with format: parquet, whose files describe themselves; "
        "remove it",
    ),
    (
        ("      lag_days: 1", "      ignore: ['*']"),
        "15: sources.orders.delivered.ignore[0]: '*' is not a glob for some of the names in a folder, such as *.md5 or ready.*",
    ),
    (
        ("      lag_days: 1", "      date_format: '%d.%m.'"),
        "15: sources.orders.delivered.date_format: '%d.%m.' is not a date format with a year, such as %Y-%m-%d or %d%m%y",
    ),
    (
        ("      lag_days: 1", "      history_until: 0202-03-31"),
        "15: sources.orders.delivered.history_until: 0202-03-31 is not between 1900-01-01 and 2199-12-31",
    ),
    (("max_abs: 10000", "max_abs: .inf"), "17: sources.orders.measures.amount.max_abs: inf is not a finite number"),
    # the file itself
    (
        ("      lag_days: 1", "      lag_days: 1\n      lag_days: 1"),
        "16: sources.orders.delivered.lag_days: this key is given twice; remove one of them",
    ),
    (("      lag_days: 1", "      lag_days: [1"), "16: is not YAML: expected ',' or ']', but got ':'"),
    (
        ("path: landing/orders", "path: ${LANDING_OF_TEST}/orders"),
        "8: sources.orders.path: the environment variable LANDING_OF_TEST is not set; set it, or write ${LANDING_OF_TEST:-default}",
    ),
    (
        ("event_id: order\n", "event_id: ${ORDER_ID}\n"),
        "11: sources.orders.event_id: ${VAR} is replaced in paths and addresses only, not here; those are warehouse.path, warehouse.schema, privacy.key_file, sources.*.path, sources.*.lookups.*.path, alerts.texts, interventions.export, tracking.uri, tracking.models, report, brief",
    ),
    # storage and privacy
    (("{path: warehouse}", "{path: w, schema: main.churn}"), "3: warehouse: give either path or schema"),
    (("privacy: none", "privacy: nobody"), "4: privacy: 'nobody' is not one of pseudonym, none"),
    (
        ("privacy: none", "privacy: {key_env: 8f3a-secret}"),
        "4: privacy.key_env: is not the name of an environment variable (the key itself does not belong in the configuration)",
    ),
    (
        ("privacy: none", "privacy: pseudonym"),
        ("expression: paid,", "expression: CAST(customer AS INT),"),
        "17: sources.orders.measures.amount: is computed from 'customer', which identifies a person; only text can be "
        "pseudonymised. Remove it, or set privacy: none if the data are public",
    ),
    # deliveries
    (
        ("      by: file_name", "      by: column"),
        "13: sources.orders.delivered.column: is missing; by: column needs the raw column, or SQL, that gives the nominal date",
    ),
    (
        ("      by: file_name", "      by: column\n      column: att"),
        "15: sources.orders.delivered.column: there is no column 'att'. Did you mean at? There are: customer, order, at, paid, "
        "town",
    ),
    (
        ("      by: file_name", "      by: file_name\n      unit: version"),
        "15: sources.orders.delivered.unit: 'version' does not fit format: csv; use file or folder",
    ),
    (
        ("    format: csv", "    format: delta"),
        "14: sources.orders.delivered.by: a Delta source has no file names to take a date from; use column or event",
    ),
    (
        ("      lag_days: 1", "      changes: first_known"),
        "15: sources.orders.delivered.changes: only versions of a Delta table can change rows; here a delivery is a file. Remove it",
    ),
    (
        ("    format: csv", "    format: delta"),
        ("by: file_name", "by: event"),
        ("      lag_days: 1", "      changes: versions"),
        "15: sources.orders.delivered.changes: 'versions' does not fit kind: events; use refuse or first_known",
    ),
    (
        ("    format: csv", "    format: delta"),
        ("by: file_name", "by: event"),
        ("      lag_days: 1", "      changes: first_known"),
        ("    event_id: order\n", ""),
        "14: sources.orders.delivered.changes: first_known needs event_id; without it, a changed row counts as a new event",
    ),
    (
        ("    format: parquet", "    format: delta"),
        ("{by: event}", "{by: event, changes: first_known}"),
        "28: sources.people.delivered.changes: 'first_known' does not fit kind: customers; use refuse or versions",
    ),
    (
        ("      lag_days: 1", "      lag_days: 0"),
        "15: sources.orders.delivered.lag_days: 0 would make a file known at the start of its own day; use 1 or more",
    ),
    (
        ("      lag_days: 1", "      expected: {closed: [{first: 2026-01-05, last: 2026-01-01}]}"),
        "15: sources.orders.delivered.expected.closed[0]: the span ends on 2026-01-01, before it starts on 2026-01-05; exchange the dates",
    ),
    (
        (ORDERS, "    limits: {no_custmer: 0.5}\n" + ORDERS),
        "20: sources.orders.limits.no_custmer: 'no_custmer' is not one of unparsable, bad_encoding, control_character, "
        "too_long, no_customer, no_time, id_missing, before_start, future_event, too_large, duplicate, id_conflict ... "
        "(25 in all). Did you mean no_customer?",
    ),
    (
        ("    format: csv", "    format: csv\n    options: {timestampFormat: \"dd.MM.yyyy 'at' hh:mm\"}"),
        "8: sources.orders.options.timestampFormat: \"dd.MM.yyyy 'at' hh:mm\" reads 12:30 as 00:30 and no hour after noon; "
        "write HH, or add a for AM and PM",
    ),
    (
        ("      paid_back:", "      duplicate:"),
        "21: sources.orders.checks.duplicate: 'duplicate' is a built-in reason; choose another name",
    ),
    # columns
    (
        ("    event_time: at\n", ""),
        "6: sources.orders: event_time is missing; kind: events needs it",
    ),
    (
        ("    kind: customers\n", "    kind: customers\n    event_id: age\n"),
        "24: sources.people.event_id: does not apply to kind: customers, only to events; remove it",
    ),
    (
        (ORDERS, "    identifiers: [twon]\n" + ORDERS),
        "20: sources.orders.identifiers[0]: there is no column 'twon'. Did you mean town? There are: customer, order, at, paid, "
        "town",
    ),
    (
        ("town: string}", "town: string, Town: string}"),
        "9: sources.orders.schema.Town: 'Town' differs from 'town' only in case, which SQL ignores; declare one of them only",
    ),
    (
        (ORDERS, "    counterparty: order\n" + ORDERS),
        ("      town: {exp", "      counterparty: {exp"),
        "19: sources.orders.categories.counterparty: 'counterparty' is a reserved column name; choose another name. Reserved: "
        + ", ".join(
            (
                *EVENT_COLUMNS,
                "counterparty",
            )
        ),
    ),
    (
        ("    customer_id: customer\n    delivered", "    customer_id: customer\n    counterparty: age\n    delivered"),
        "28: sources.people.counterparty: does not apply to kind: customers, only to events; remove it",
    ),
    (
        ("      town: {exp", "      known_from: {exp"),
        "19: sources.orders.categories.known_from: 'known_from' is a reserved column name; choose another name. Reserved: "
        + ", ".join((*EVENT_COLUMNS,)),
    ),
    (
        ("      town: {exp", "      length: {exp"),
        "19: sources.orders.categories.length: 'length' is a reserved column name; choose another name. Reserved: "
        + ", ".join((*EVENT_COLUMNS,)),
    ),
    (
        ("max_abs: 10000", "max_abs: 1.0e+14"),
        "17: sources.orders.measures.amount.max_abs: 1e+14 at scale 2 could overflow a sum of squares over 56 days of up to 10000 events; "
        "use at most 1.06e+10",
    ),
    (
        ("{expression: town}", "{expression: town, cleaning: {missing: mean}}"),
        "19: sources.orders.categories.town.cleaning.missing: 'mean' applies to measures only; for a category use one of null, "
        "indicator, drop, constant, mode, last_known",
    ),
    (
        ("max_abs: 10000", "cleaning: {missing: constant, constant: none}"),
        "17: sources.orders.measures.amount.cleaning.constant: 'none' is not a number",
    ),
    (
        ("max_abs: 10000", "max_abs: 100, cleaning: {missing: constant, constant: -101}"),
        "17: sources.orders.measures.amount.cleaning.constant: -101 exceeds the measure's max_abs of 100",
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
        "36: features.orders[0].of: count is computed over whole events and takes no column; remove it",
    ),
    (
        ("{op: recency}", "{op: weekly, windows: 30}"),
        "38: features.orders[2].windows: weekly needs windows of two or more whole weeks (14, 21, 28 ... days), not of 30 days",
    ),
    (("{op: recency}", "{op: ewm}"), "38: features.orders[2]: half_life is missing; ewm needs it"),
    (
        ("{op: recency}", "{op: recency, half_life: 7}"),
        "38: features.orders[2].half_life: applies to op: ewm only; remove it",
    ),
    (
        ("{op: recency}", "{op: tenure, windows: 7}"),
        "38: features.orders[2].windows: tenure covers the whole lifetime and takes no windows; remove them",
    ),
    (
        ("{op: recency}", "{op: degree}"),
        "38: features.orders[2].op: degree needs partners; set sources.orders.counterparty",
    ),
    (
        ("{op: recency}", "{op: pagerank}"),
        "38: features.orders[2].op: pagerank needs partners; set sources.orders.counterparty",
    ),
    (
        (ORDERS, "    counterparty: town\n" + ORDERS),
        ("{op: recency}", "{op: degree, of: town}"),
        "39: features.orders[2].of: degree is computed over whole events and takes no column; remove it",
    ),
    (
        ("rule: inactivity,", "rule: event,"),
        ("  attributes: [age]", "  left_after: 28"),
        ("    pace: try_divide(orders_count_7d, orders_count_28d)", "    pace: orders_count_7d"),
        "39: features.left_after: does not apply to label.rule: event, by which partners leave at that event; remove it",
    ),
    (
        ("{op: recency}", "{op: share, of: town, value: [New York, NEW YORK]}"),
        "38: features.orders[2].value: 'New York' and 'NEW YORK' of town give features of the same name; keep one",
    ),
    (
        (
            "{op: recency}",
            "{op: share, of: town, value: New-York, windows: 7}\n    - {op: share, of: town, value: New_York, windows: 28}",
        ),
        "39: features.orders[3].value: 'New-York' and 'New_York' of town give features of the same name; keep one",
    ),
    (
        ("{op: recency}", "{op: [recency, recency]}"),
        "38: features.orders[2]: the feature orders_recency_56d exists already; remove it, or choose another name",
    ),
    (
        ("    pace:", "    orders_count_7d:"),
        "41: features.derived.orders_count_7d: the feature orders_count_7d exists already; remove it, or choose another name",
    ),
    (
        ("    pace:", "    customer_id:"),
        "41: features.derived.customer_id: 'customer_id' is a reserved column name; choose another name. Reserved: "
        + ", ".join((*RESERVED,)),
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
        "39: features.people: is a source of kind: customers; list its attributes under features.attributes",
    ),
    # population, label, models
    (
        ("sources: [orders], days", "sources: [order], days"),
        "31: population.sources: there is no source of events 'order'. Did you mean orders? There are: orders",
    ),
    (
        ("days: 56}", "days: 90}"),
        "31: population.days: 90 days exceed the longest window, 56; shorten it, or add a longer window",
    ),
    (
        ("{by: active, sources: [orders], days: 56}", "{by: contract}"),
        "31: population: expression is missing; by: contract needs it",
    ),
    (
        ("sources: [orders], perf", "sources: [people], perf"),
        "32: label.sources: 'people' is a source of kind: customers; a source of kind: events is needed",
    ),
    (
        ("lag_days: 1", "lag_days: 4"),
        "32: label.lateness: 0 is too short: orders has lag_days: 4, so use at least 3",
    ),
    (("rule: inactivity,", "rule: decline,"), "32: label: measure is missing; rule: decline needs it"),
    (
        ("rule: inactivity, sources: [orders],", "rule: attribute, attribute: age,"),
        "32: label.attribute: 'age' has type int; it must be a date",
    ),
    (
        ("rule: inactivity, sources: [orders],", "rule: attribute, attribute: left,"),
        "32: label.attribute: there is no attribute of customers 'left'. There are: age",
    ),
    (
        ("rule: inactivity, sources: [orders],", "rule: attribute,"),
        "32: label: attribute is missing; rule: attribute needs it",
    ),
    (
        ("rule: inactivity, sources: [orders],", "rule: inactivity,"),
        "32: label: sources is missing; rule: inactivity needs it",
    ),
    (
        ("rule: inactivity,", "rule: inactivity, attribute: age,"),
        "32: label.attribute: does not apply to rule: inactivity, only to attribute and column; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: age"),
        "39: features.attributes[0]: 'age' is the label itself; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: age, performance: 28"),
        ("  attributes: [age]\n", ""),
        "32: label.performance: does not apply to rule: column, only to inactivity, decline, event and attribute; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: age"),
        ("  attributes: [age]\n", ""),
        ("pace: try_divide(orders_count_7d, orders_count_28d)", "pace: age / 2"),
        "40: features.derived.pace: uses 'age', the label itself; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: old"),
        (
            "age: {expression: age, type: int}",
            "{age: {expression: age, type: int}, old: {expression: age > 60, type: boolean}}",
        ),
        "39: features.attributes[0]: 'age' is computed from 'age', like the label 'old'; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: old"),
        (
            "age: {expression: age, type: int}",
            "{age: {expression: age, type: int}, old: {expression: age > 60, type: boolean}}",
        ),
        ("  attributes: [age]\n", ""),
        ("pace: try_divide(orders_count_7d, orders_count_28d)", "pace: age / 2"),
        "40: features.derived.pace: uses 'age', computed from 'age' like the label; remove it",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: age"),
        ("  attributes: [age]\n", ""),
        ("age: {expression: age, type: int}", "age: {expression: age, type: double}"),
        "32: label.attribute: 'age' has type double; it must be one of boolean, int, bigint (in its expression: churn = "
        "1)",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: column, attribute: age"),
        ("  attributes: [age]\n", ""),
        ("age: {expression: age, type: int}", "age: {expression: age, type: string}"),
        "32: label.attribute: 'age' has type string; it must be one of boolean, int, bigint (in its expression: churn = "
        "'Yes')",
    ),
    (
        ("rule: inactivity, sources: [orders], performance: 28", "rule: inactivity, sources: [orders]"),
        "32: label: performance is missing; rule: inactivity needs it",
    ),
    (
        ("rule: inactivity,", "rule: inactivity, measure: amount,"),
        "32: label.measure: does not apply to rule: inactivity, only to decline; remove it",
    ),
    (
        (ORDERS, "    starts: 2026-02-01\n" + ORDERS),
        "43: snapshots.first: 2026-01-01 is not after 2026-02-01, the first day of orders; choose a later date",
    ),
    (
        ("  random_forest: {trees: 50}\n", "  folds: 3\n"),
        "43: training: no model to train; name at least one of logistic_regression, linear_svm, decision_tree, "
        "random_forest, gradient_boosted_trees, xgboost, multilayer_perceptron, blend ({} takes the default grid)",
    ),
    (
        ("random_forest: {trees: 50}", "random_forrest: {trees: 50}"),
        "44: training.random_forrest: unknown key. Did you mean random_forest? Known here: folds, test_snapshots, "
        "backtest_snapshots, metric, exclude, seed, bootstrap, max_score_drift, accept_weak, gate, leaks, "
        "survival ... (22 in all)",
    ),
    (
        ("  random_forest: {trees: 50}", "  random_forest: {trees: 50}\n  leaks: {accept: [orders_count_65d]}"),
        "45: training.leaks.accept[0]: there is no feature 'orders_count_65d'. Did you mean orders_count_56d? There are: "
        "orders_count_7d, orders_count_28d, orders_count_56d, orders_amount_sum_7d, orders_amount_sum_28d, "
        "orders_amount_sum_56d, orders_recency_56d, age, pace",
    ),
    (
        ("  random_forest: {trees: 50}", "  random_forest: {trees: 50}\n  leaks: {max_single_auc: 0.8}"),
        "45: training.leaks.warn_single_auc: 0.9 is above max_single_auc, 0.8, from which training stops",
    ),
    (
        ("random_forest: {trees: 50}", "gradient_boosted_trees: {step: 2}"),
        "44: training.gradient_boosted_trees.step: 2 must be at most 1",
    ),
    (
        ("  random_forest: {trees: 50}", "  random_forest: {trees: 50}\n  selection: {max_correlation: 1.5}"),
        "45: training.selection.max_correlation: 1.5 must be at most 1",
    ),
    (
        ("  random_forest: {trees: 50}", "  random_forest: {trees: 50}\n  selection: {max_corelation: 0.9}"),
        "45: training.selection.max_corelation: unknown key. Did you mean max_correlation? Known here: min_variance, "
        "false_discovery, max_correlation, max_loss, min_stability, fewest",
    ),
    (
        ("  random_forest: {trees: 50}", "  random_forest: {trees: 50}\n  target_encoding: {smoothing: 0}"),
        "45: training.target_encoding.smoothing: 0 must be more than 0",
    ),
    (
        ("frequency: orders_count_56d", "frequency: orders_count_65d"),
        "46: segmentation.frequency: there is no feature 'orders_count_65d'. Did you mean orders_count_56d? There are: "
        "orders_count_7d, orders_count_28d, orders_count_56d, orders_amount_sum_7d, orders_amount_sum_28d, "
        "orders_amount_sum_56d, orders_recency_56d, age, pace",
    ),
    (
        ("scoring: {", "scoring: {high_share: 0.5, medium_share: 0.6, "),
        "45: scoring: high_share 0.5 and medium_share 0.6 add up to more than 1",
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[-1].split(": ")[1] for mistake in MISTAKES])
def test_a_mistake_is_reported_alone_and_in_full(write: Write, mistake: tuple) -> None:
    *changes, line = mistake
    assert errors(write(*changes)) == [f"conf/shop.yaml:{line}"]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(write: Write) -> None:
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


def test_an_invalid_date_and_a_key_given_twice_hide_no_other_mistake(write: Write) -> None:
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


def test_a_key_given_twice_in_an_environment_is_reported_there(write: Write) -> None:
    path = write(("zone: Europe/London", "zone: Europe/Londn"), prod="name: a\nname: b\n")
    assert [line.split(": ")[0] for line in errors(path, "prod")] == ["conf/env/prod.yaml:2", "conf/shop.yaml:2"]


def test_an_invalid_source_is_not_called_unknown_elsewhere(write: Write) -> None:
    assert errors(write(("    customer_id: customer\n    event_id", "    event_id"))) == [
        "conf/shop.yaml:6: sources.orders: customer_id is missing (SQL over the raw columns: the customer the row belongs to (text or "
        "whole number))"
    ]


def test_positions_are_right_behind_an_invalid_line(write: Write) -> None:
    path = write(("{op: count}", "{op: count, windw: 7}"), ("{op: recency}", "{op: mean, of: amonut}"))
    assert errors(path)[1].startswith("conf/shop.yaml:38: features.orders[2].of: there is no measure 'amonut'")


def test_the_reasons_of_a_date_by_sql_can_be_limited(write: Write) -> None:
    limited = (ORDERS, "    limits: {bad_nominal_date: 0.5}\n" + ORDERS)
    by_sql = ("      by: file_name", "      by: column\n      column: to_date(town)")
    assert errors(write(limited, by_sql)) == []
    assert "'bad_nominal_date' is not one of" in errors(write(limited))[0]


def test_load_raises_one_error_with_every_line(write: Write) -> None:
    path = write(("every: 28", "every: 0"), ("privacy: none", "privacy: nobody"))
    with pytest.raises(ConfigError) as raised:
        load(path)
    assert str(raised.value).splitlines() == errors(path)
    assert len(errors(path)) == 2


def test_a_missing_file(write: Write) -> None:
    write()
    assert errors("conf/shp.yaml") == ["conf/shp.yaml: there is no such file. Did you mean shop.yaml?"]


def test_a_file_that_holds_no_keys(write: Write) -> None:
    path = write()
    path.write_text("just a text", encoding="utf-8")
    assert errors(path) == ["conf/shop.yaml: is not a group of keys (`name: ...`, `zone: ...`)"]


def test_a_family_whose_package_is_missing_is_named_with_the_way_to_install_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(("random_forest: {trees: 50}", "xgboost: {trees: 50}"))
    monkeypatch.setattr(family, "find_spec", lambda name: None)
    assert errors(path) == [
        "conf/shop.yaml:44: training.xgboost: xgboost is not installed here; install it: pip install "
        "'churn-spark[xgboost]'"
    ]
    with pytest.raises(ConfigError, match=r"model family xgboost: .*pip install 'churn-spark\[xgboost\]'"):
        named("xgboost")
