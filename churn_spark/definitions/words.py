"""The meaning of codes in tables: reasons of refused rows, and reasons why a snapshot has no label."""

from collections.abc import Mapping

REASON_MEANINGS: Mapping[str, str] = {
    "unparsable": "The line is no row: it has another number of cells than the header, or is no JSON object.",
    "bad_encoding": "A text is not in the encoding that `options.encoding` says (UTF-8 when left out).",
    "control_character": "A text holds a control character, and `control_characters: refuse` is set.",
    "too_long": "A text has more than 32,768 characters.",
    "no_customer": "`customer_id` gives nothing.",
    "no_time": "`event_time` (or `delivered.column`) gives nothing, or no day between 1900 and 2199; rows of"
    " customers need no `event_time`.",
    "id_missing": "`event_id` gives nothing.",
    "future_event": "The event, or the row's nominal date, lies after its delivery by more than `clock_skew_days`.",
    "before_start": "The event lies before `starts`.",
    "too_large": "A measure is beyond its `max_abs`.",
    "duplicate": "Another row of the same event (`event_id` and day) or customer says the same; that one counts.",
    "id_conflict": "Another row of the same `event_id` and day, known since the same day and of the same nominal date"
    " (customers: another of the latest in the delivery), differs; or its id stands on several days of one delivery."
    " None counts.",
    "id_reused": "A delivery known earlier, or since the same day with an earlier nominal date, has the same `event_id`"
    " and day and says something else; that one counts.",
    "superseded": "The delivery has a later row of the same customer.",
}
"""Reasons besides `bad_<name>` and the names of a source's own checks."""

EXCLUDED_MEANINGS: Mapping[str, str] = {
    "already_lost": "The customer had left by the as-of date, as was known later; rules `event`, `attribute`, and"
    " populations by contract, but not with rule `column`.",
    "churned_in_gap": "The customer left in the gap: too early to be warned about; the same rules and populations.",
    "no_base": "Rule `decline`: there was nothing in the base window that could fall.",
    "no_label": "Rule `column`: the column is null, or neither 0 nor 1.",
    "outage": "A delivery that the label looks at is missing or incomplete, and that was accepted.",
}
"""Values of `labels.excluded`."""
