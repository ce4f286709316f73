"""The texts of the demo's output, in English and Chinese."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """Titles and headings of one language."""

    importing: str
    rows: str
    one_life: str
    settling: str
    lost_and_won: str
    alert: str
    silent: str
    missed: str
    by_owner: str
    funnel: str
    timeliness: str
    customer: str
    tier: str
    owner: str
    days: str
    due: str
    what: str
    stage: str
    count: str
    rate: str
    open_alerts: str
    nothing: str
    more: str
    language: str


ENGLISH = Texts(
    importing="Importing {name}",
    rows="rows",
    one_life="Sending the last 14 months of one customer, up to a missed renewal",
    lost_and_won="This customer is lost and won back. The last table shows its lifecycle.",
    settling="Waiting, because no alerts are raised for 30 s after an import",
    alert="Alert",
    silent="Inactive customers",
    missed="Missed follow-ups",
    by_owner="Open alerts by owner",
    funnel="Stage funnel",
    timeliness="Follow-up timeliness, last 90 days",
    customer="customer",
    tier="tier",
    owner="owner",
    days="days",
    due="due",
    what="content",
    stage="stage",
    count="customers",
    rate="on time",
    open_alerts="open",
    nothing="none",
    more="… and {count} more",
    language="en",
)
CHINESE = Texts(
    importing="正在导入 {name}",
    rows="行",
    one_life="正在写入一位客户近 14 个月的往来，直至一次无人跟进的续签",
    lost_and_won="该客户流失后又被挽回；生命周期见最后一张表。",
    settling="请稍候：导入后 30 秒内不产生预警",
    alert="预警",
    silent="久未联系的客户",
    missed="遗漏的跟进",
    by_owner="各负责人的未解除预警",
    funnel="阶段漏斗",
    timeliness="近 90 天跟进及时率",
    customer="客户",
    tier="客户分层",
    owner="负责人",
    days="天数",
    due="应完成时间",
    what="内容",
    stage="阶段",
    count="客户数",
    rate="及时",
    open_alerts="未解除",
    nothing="无",
    more="……另有 {count} 条",
    language="zh",
)
TEXTS = {"en": ENGLISH, "zh": CHINESE}
