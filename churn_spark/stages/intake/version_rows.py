"""The rows of versions of a Delta source: all rows of a version, or those that it added or updated."""

from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.delta_log import Version
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import SelectedDelivery
from churn_spark.events.zones import reading_times_in
from churn_spark.stages.intake.columns import compared, fitting
from churn_spark.tables.delta_source import DeltaSource


def read(
    spark: SparkSession, source: Source, selected: Sequence[SelectedDelivery]
) -> tuple[list[DataFrame], dict[str, frozenset[str]]]:
    """The rows of versions, with the version's name as `_uri`, and by name the unknown columns.

    DeliveryError: a declared column is missing, or of another type.
    """
    table = DeltaSource(spark, source.path)
    compared_columns = compared(table.schema.names, source, source.path)
    with reading_times_in(spark, source.time_zone):
        columns = _declared_columns(table, source)
        frames = [
            _with_version_name(spark, _rows(table, versions_together, columns), versions_together)
            for versions_together in _groups_without_common_files(selected)
        ]
    frames += _changed(spark, source, selected, after=True)
    return frames, {chosen.name: compared_columns.unknown for chosen in selected}


def read_before(spark: SparkSession, source: Source, selected: Sequence[SelectedDelivery]) -> list[DataFrame]:
    """The rows that versions deleted or updated, as they were before; with the version's name as `_uri`."""
    return _changed(spark, source, selected, after=False)


def _declared_columns(table: DeltaSource, source: Source) -> list[Column]:
    declared = fitting({field.name: field.dataType.simpleString() for field in table.schema}, source, source.path)
    return declared.columns(declared.unfit)


def _rows(table: DeltaSource, versions_together: Iterable[SelectedDelivery], columns: Sequence[Column]) -> DataFrame:
    files = [file for chosen in versions_together for file in _version(chosen).added]
    return table.rows(files).select(*columns, _line(), _file())


def _groups_without_common_files(selected: Iterable[SelectedDelivery]) -> list[list[SelectedDelivery]]:
    """Groups of versions that only added rows, where no two share a file (with other rows deleted from it)."""
    groups: list[tuple[list[SelectedDelivery], set[str]]] = []
    for chosen in selected:
        version = _version(chosen)
        paths = {file.path for file in version.added}
        if not paths or version.removed:
            continue
        fitting_in = next((group for group in groups if not group[1] & paths), None)
        if fitting_in is None:
            groups.append(([chosen], paths))
        else:
            fitting_in[0].append(chosen)
            fitting_in[1].update(paths)
    return [members for members, _ in groups]


def _with_version_name(
    spark: SparkSession, rows: DataFrame, versions_together: Sequence[SelectedDelivery]
) -> DataFrame:
    """The rows with the name of the version that added their file."""
    if len(versions_together) == 1:
        return rows.drop("_file").withColumn("_uri", F.lit(versions_together[0].name))
    names = [(file.uri, chosen.name) for chosen in versions_together for file in chosen.delivery.files]
    versions = F.broadcast(spark.createDataFrame(names, "_file string, _uri string"))
    return rows.join(versions, on="_file", how="left").drop("_file")


def _changed(spark: SparkSession, source: Source, selected: Iterable[SelectedDelivery], after: bool) -> list[DataFrame]:
    """Per version that changed rows: rows there more often than before; with after False, less often."""
    changing = [chosen for chosen in selected if _version(chosen).changes]
    if not changing:
        return []
    table = DeltaSource(spark, source.path)
    with reading_times_in(spark, source.time_zone):
        columns = _declared_columns(table, source)
        frames = [_difference(table, columns, _version(chosen), after) for chosen in changing]
    return [
        rows.select("*", _line(), F.lit(chosen.name).alias("_uri"))
        for rows, chosen in zip(frames, changing, strict=True)
    ]


def _difference(table: DeltaSource, columns: Sequence[Column], version: Version, after: bool) -> DataFrame:
    if version.feed is not None:
        kinds = ("insert", "update_postimage") if after else ("delete", "update_preimage")
        return table.feed(version.feed).where(F.col("_change_type").isin(*kinds)).select(*columns)
    now, before = (
        table.rows(files).select(*columns).withColumn("_more", F.lit(more))
        for files, more in ((version.added, 1 if after else -1), (version.removed, -1 if after else 1))
    )
    values = [F.col(quoted(name)) for name in now.columns[:-1]]
    counted = now.unionByName(before).groupBy(*values).agg(F.sum("_more").cast("int").alias("_more"))
    more = counted.where("_more > 0").withColumn("_copy", F.explode(F.sequence(F.lit(1), F.col("_more"))))
    return more.select(*values)


def _version(chosen: SelectedDelivery) -> Version:
    version = chosen.delivery.version
    return version.does if version and version.does else Version()


def _file() -> Column:
    """The file of a row, as `File.uri`: Spark and Hadoop differ in the slashes of local files."""
    return F.regexp_replace("_metadata.file_path", "^file:/+", "file:/").alias("_file")


def _line() -> Column:
    return F.lit(None).cast("string").alias("_line")
