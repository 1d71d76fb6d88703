"""The daily brief: who is at risk today and what is done about it, in one HTML file for mail readers and phones."""

import logging
from datetime import date

from churn_spark.definitions.errors import DispatchError
from churn_spark.definitions.project import Project, Run
from churn_spark.report.brief.all_sections import SECTIONS
from churn_spark.stages.report import gather, page_stands, refuse_without_extra
from churn_spark.stages.report_file import content, refuse_unwritable, shown, write
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog

log = logging.getLogger("churn_spark.brief")


def brief(run: Run, project: Project, catalog: Catalog) -> None:
    """Write the brief of the run's as-of date to the project's `brief_path`."""
    refuse_without_extra()
    from churn_spark.report.page import BRIEF, page

    address = project.brief_path
    refuse_unwritable(catalog.spark, address, project.origin, "brief")
    text = page(gather(run, project, catalog, SECTIONS), SECTIONS, BRIEF)
    write(catalog.spark, address, text, project.origin, "brief")
    catalog.wrote_file()
    log.info("wrote the brief of %s to %s", run.as_of, shown(address))


def up_to_date(run: Run, project: Project, catalog: Catalog) -> bool:
    """Whether the brief's file is what a run would write now."""
    return page_stands(run, project, catalog, SECTIONS, project.brief_path)


def brief_of(project: Project, catalog: Catalog, day: date) -> str:
    """The page that was written for a date; DispatchError where the file is not there, or that of another date."""
    text = content(catalog.spark, project.brief_path)
    if text is None or f'<time datetime="{day}">' not in text:
        raise DispatchError(
            f"{project.brief_path} is not the brief of {day}: churn-spark brief {catalog.arguments} --as-of {day}"
        )
    return text


BRIEF = Stage(
    name="brief",
    summary="Write the brief of an as-of date: who is at risk, and what is done about it.",
    work=brief,
    daily=True,
    aside=True,
    done=up_to_date,
    needed=lambda project: project.alerts is not None,
)
