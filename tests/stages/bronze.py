"""A Delta table of sales or members as a platform team writes and maintains it."""

from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

COLUMNS = "customer string, id string, at timestamp, amount double, day date"
NEVER_KEPT = "spark.databricks.delta.retentionDurationCheck.enabled"


@dataclass
class Bronze:
    """The table at a path; every method but the last two is one commit of its log."""

    spark: SparkSession
    path: Path

    def create(self, partitioned: str = "", **properties: str) -> "Bronze":
        """Make it empty: version 0."""
        listed = ", ".join(f"'delta.{name}' = '{value}'" for name, value in properties.items())
        self.sql(
            f"CREATE TABLE {{table}} ({COLUMNS}) USING delta {partitioned}"
            + (f" TBLPROPERTIES ({listed})" if listed else "")
        )
        return self

    def append(self, *ids: int | str, amount: float = 1.5, customer: str = "c1") -> None:
        """One file of sales at noon of 8 March 2024 in New York."""
        values = ", ".join(
            f"('{customer}', '{n}', TIMESTAMP'2024-03-08 17:00:00', {amount}D, DATE'2024-03-08')" for n in ids
        )
        self.sql(f"INSERT INTO {{table}} SELECT /*+ COALESCE(1) */ * FROM VALUES {values}")

    def sql(self, text: str) -> None:
        self.spark.sql(text.format(table=f"delta.`{self.path}`"))

    def optimize(self) -> None:
        self.sql("OPTIMIZE {table}")

    def vacuum(self) -> None:
        """Remove all files that the newest version does not need, as after a week; two commits."""
        self.spark.conf.set(NEVER_KEPT, "false")
        try:
            self.sql("VACUUM {table} RETAIN 0 HOURS")
        finally:
            self.spark.conf.unset(NEVER_KEPT)

    def forget_before(self, version: int) -> None:
        """Delete the entries of the log before a version, as after a month; the version needs a checkpoint."""
        for entry in (self.path / "_delta_log").glob("*"):
            if entry.name[:20].isdigit() and int(entry.name[:20]) < version:
                entry.unlink()
            elif entry.name[1:21].isdigit() and int(entry.name[1:21]) < version:
                entry.unlink()  # the checksum that Hadoop's local file system keeps beside

    def checkpoint(self) -> None:
        """Write a checkpoint of the newest version."""
        jvm = self.spark._jvm
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self.spark._jsparkSession, str(self.path))
        nothing = jvm.scala.Option.empty()
        log.checkpoint(log.update(False, nothing, nothing), nothing)
