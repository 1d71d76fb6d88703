"""Sources resolved, with explicit calendars and with what features need of their categories."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from churn_spark.definitions.columns import Attribute, Category, Cleaning, Measure
from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import STAMP, Calendar, Delivered, RowCheck, Source
from churn_spark.settings.delivered import CalendarSection, DeliveredSection, Weekday
from churn_spark.settings.sources import CleaningSection, SourceSection


def source(name: str, section: SourceSection, features: Sequence[Feature]) -> Source:
    """One source of the configuration; `features` are all those computed from it."""
    return Source(
        name=name,
        kind=section.kind,
        format=section.format,
        path=section.path,
        schema=tuple(section.schema_.items()),
        customer_id=section.customer_id,
        delivered=_delivered(section.delivered, section.format),
        event_id=tuple(section.event_id or ()),
        event_time=section.event_time or "",
        counterparty=section.counterparty,
        time_zone=section.time_zone,
        options=tuple(section.options.items()),
        lookups=section.resolved_lookups,
        measures=tuple(_measures(section, features)),
        categories=tuple(_with_what_features_need(category, features) for category in _categories(section)),
        attributes=tuple(Attribute(key, a.expression, a.type, a.identifier) for key, a in section.attributes.items()),
        identifiers=tuple(section.identifiers),
        checks=tuple(RowCheck(key, expression) for key, expression in section.checks.items()),
        limits=tuple(section.limits.items()),
        default_limit=section.default_limit,
        starts=section.starts,
        control_characters=section.control_characters,
        where=section.where,
    )


def sources(sections: Mapping[str, SourceSection], features: Sequence[Feature]) -> tuple[Source, ...]:
    """All sources, in the order of the file."""
    return tuple(source(name, section, [f for f in features if f.source == name]) for name, section in sections.items())


def _delivered(section: DeliveredSection, file_format: str) -> Delivered:
    stamped = section.by == "modified"
    return Delivered(
        unit=section.unit or ("version" if file_format == "delta" else "file"),
        by="file_name" if section.by == "modified" else section.by,
        pattern=STAMP if stamped else section.pattern,
        date_format="%Y-%m-%d" if stamped else section.date_format,
        stamped=stamped,
        column=section.column,
        lag_days=section.lag_days,
        history_until=section.history_until,
        expected=_calendar(section.expected) if section.expected else None,
        min_volume_share=section.min_volume_share,
        require_success=section.require_success,
        changes=section.changes,
        ignore=tuple(section.ignore),
        clock_skew_days=section.clock_skew_days,
    )


def _calendar(section: CalendarSection) -> Calendar:
    closed = {
        span.first + timedelta(days=day) for span in section.closed for day in range((span.last - span.first).days + 1)
    }
    weekdays = sorted({get_args(Weekday).index(weekday) + 1 for weekday in section.weekdays})
    return Calendar(tuple(weekdays), tuple(sorted(closed)), section.first)


def _measures(section: SourceSection, features: Sequence[Feature]) -> Iterator[Measure]:
    with_points = {feature.column for feature in features if feature.op in ("first", "last", "delta")}
    for name, m in section.measures.items():
        cleaning = _cleaning(m.cleaning)
        yield Measure(name, m.expression, m.scale, float(m.max_abs), m.unit, cleaning, points=name in with_points)


def _categories(section: SourceSection) -> Iterator[Category]:
    for name, c in section.categories.items():
        cleaning = _cleaning(c.cleaning)
        yield Category(name, c.expression, approximate=c.approximate, max_values=c.max_values, cleaning=cleaning)


def _cleaning(section: CleaningSection) -> Cleaning:
    return Cleaning(section.missing, section.constant, section.outliers, float(section.fence_factor), section.smooth)


def _with_what_features_need(category: Category, features: Sequence[Feature]) -> Category:
    """The category with the values and measures that tiles count and sum separately, and whether values are stored."""
    mine = [feature for feature in features if feature.column == category.name]
    return replace(
        category,
        values=tuple(sorted({f.value for f in mine if f.op == "share" and f.value is not None})),
        measures=tuple(sorted({f.measure for f in mine if f.op == "share" and f.measure is not None})),
        distinct=any(f.op == "distinct" for f in mine),
    )
