"""The files and fingerprints of deliveries, for each kind of content."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pyspark.sql import SparkSession

from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import Delivery, InFiles
from churn_spark.stages.intake import versions
from churn_spark.stages.intake.files import Files

log = logging.getLogger("churn_spark.ingest")


class Contents(Protocol):
    """The contents of the deliveries at one source, as far as they still exist."""

    def with_files(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """The deliveries with their files, without those that can never be read again."""

    def retakable(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """The deliveries that can be taken again, of those taken before; their files may not be listed yet."""

    def fingerprints(self, deliveries: Sequence[Delivery]) -> list[str]:
        """A fingerprint of each content, which differs where anything changed."""


def contents_of(spark: SparkSession, files: Files, source: Source, taken: Collection[str]) -> Contents:
    """The contents of the deliveries at a source. taken: the names of all deliveries ever taken."""
    return OfVersions(spark, files, source, taken) if source.format == "delta" else OfFiles(files, source)


@dataclass(frozen=True, slots=True)
class OfFiles:
    """Files, or folders of files."""

    files: Files
    source: Source

    def with_files(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        if self.source.delivered.unit != "folder" or not deliveries:
            return list(deliveries)
        log.info("%s: listing folders: %d", self.source.name, len(deliveries))
        insides = self.files.insides([delivery.name for delivery in deliveries])
        return [
            replace(delivery, content=InFiles(tuple(members), complete))
            for delivery, (members, complete) in zip(deliveries, insides, strict=True)
        ]

    def retakable(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        return list(deliveries)

    def fingerprints(self, deliveries: Sequence[Delivery]) -> list[str]:
        return self.files.fingerprints(delivery.content.marking for delivery in deliveries)


@dataclass(frozen=True, slots=True)
class OfVersions:
    """Versions of a Delta table; the data files of versions taken before may be deleted (VACUUM)."""

    spark: SparkSession
    files: Files
    source: Source
    taken: Collection[str]

    def with_files(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        by_name_only = [delivery for delivery in deliveries if _by_name_only(delivery)]
        readable = {
            each.name: each for each in versions.retakable_versions(self.spark, self.source, by_name_only, self.taken)
        }
        each_or_none = (readable.get(each.name) if _by_name_only(each) else each for each in deliveries)
        return [delivery for delivery in each_or_none if delivery]

    def retakable(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        return self.with_files(deliveries)

    def fingerprints(self, deliveries: Sequence[Delivery]) -> list[str]:
        return self.files.fingerprints(delivery.content.marking for delivery in deliveries)


def _by_name_only(delivery: Delivery) -> bool:
    return delivery.version is None or delivery.version.does is None
