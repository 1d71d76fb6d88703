"""What is learnt of the data of a source: the limits for cleaning, and a description."""

from churn_spark.tables.table import DATE, DOUBLE, LONG, STRING, Column, Table

DATA_PROFILE = Table(
    name="data_profile",
    comment="One statistic of one column of a source, as learnt on a date.",
    columns=(
        Column("learnt_on", DATE, "As-of date; from rows known by then.", False),
        Column("source", STRING, "Source of the configuration.", False),
        Column("column", STRING, "Column; * for the rows themselves.", False),
        Column(
            "statistic", STRING, "rows, nulls, distinct, min, p05, p25, p50, p75, p95, max, mean, outliers ...", False
        ),
        Column("value", DOUBLE, "Its value."),
        Column("text", STRING, "A value that is no number (the mode of a category, first day)."),
    ),
    partition="learnt_on",
    key=("learnt_on", "source", "column", "statistic"),
    written_by=("profile",),
)

CLEANING_LIMITS = Table(
    name="cleaning_limits",
    comment="Learnt cleaning values of a column, in force from learnt_on on.",
    columns=(
        Column("learnt_on", DATE, "First knowledge date the values apply to; no tiles of it were built before.", False),
        Column("source", STRING, "Source of the configuration.", False),
        Column("column", STRING, "Measure or category.", False),
        Column("rows", LONG, "Rows learnt from.", False),
        Column("q1", DOUBLE, "First quartile, in the measure's unit; null for a category."),
        Column("q3", DOUBLE, "Third quartile; null for a category."),
        Column("lower", DOUBLE, "Lower Tukey fence; null for a category."),
        Column("upper", DOUBLE, "Upper Tukey fence; null for a category."),
        Column("mean", DOUBLE, "Mean; null for a category."),
        Column("median", DOUBLE, "Median; null for a category."),
        Column("mode", STRING, "Most frequent value (ties: the smallest); null if there is none."),
    ),
    partition="learnt_on",
    key=("learnt_on", "source", "column"),
    written_by=("profile",),
)
