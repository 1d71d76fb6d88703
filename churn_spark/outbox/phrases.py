"""What messages say of their own, in the languages that alerts are written in."""

from collections.abc import Mapping
from dataclasses import dataclass

from churn_spark.definitions.actions import Language
from churn_spark.definitions.dispatch import Decided


@dataclass(frozen=True, slots=True)
class Phrases:
    """Format strings. counted: for one row and for several, by the table of the rows; channels: as people call them."""

    counted: Mapping[Decided, tuple[str, str]]
    digest_subject: str
    digest_opening: str
    digest_cut: str
    digest_more: str
    attached: str
    not_attached: str
    brief_subject: str
    action: str
    risk: str
    value: str
    main_reason: str
    comma: str
    reference: str
    channels: Mapping[str, str]


PHRASES: Mapping[Language, Phrases] = {
    "en": Phrases(
        counted={
            "alerts": ("{:,} alert", "{:,} alerts"),
            "interventions": ("{:,} intervention", "{:,} interventions"),
        },
        digest_subject="{project}: {counted}, {day}",
        digest_opening="{counted} of {project} at {day}.",
        digest_cut="Only the {rows:,} with the highest expected loss are in this message.",
        digest_more="... and {rows:,} more.",
        attached="All {rows:,} rows are in the attached file.",
        not_attached="This channel takes no files: the rows are in the tables.",
        brief_subject="{project}: customers at risk, {day}",
        action="{customer}: {action} by {channel}",
        risk="risk {}",
        value="value {}",
        main_reason="main reason {}",
        comma=", ",
        reference="reference: {}",
        channels={},
    ),
    "zh": Phrases(
        counted={"alerts": ("{:,} 条预警", "{:,} 条预警"), "interventions": ("{:,} 项挽留措施", "{:,} 项挽留措施")},
        digest_subject="{project}：{counted}，{day}",
        digest_opening="{project}，{day}：{counted}。",
        digest_cut="本消息仅包含预期损失最高的 {rows:,} 条。",
        digest_more="……另有 {rows:,} 条。",
        attached="全部 {rows:,} 行见附件。",
        not_attached="此渠道不支持附件，完整数据请查询数据表。",
        brief_subject="{project}：流失风险客户，{day}",
        action="客户 {customer}：{action}（{channel}）",
        risk="风险 {}",
        value="价值 {}",
        main_reason="主要原因：{}",
        comma="，",
        reference="编号：{}",
        channels={"email": "电子邮件", "sms": "短信", "phone": "电话", "letter": "信函", "app": "应用内消息"},
    ),
}
