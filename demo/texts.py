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
    one_life="Sending one customer's last 14 months, up to a renewal that nobody followed up",
    lost_and_won="That customer is lost and won back; the last table below shows its whole lifecycle.",
    settling="Waiting for the import to finish (no alerts are raised for 30 s after it)",
    alert="Alert",
    silent="Who is silent",
    missed="What was missed",
    by_owner="Open alerts per owner",
    funnel="Stage funnel",
    timeliness="Follow-up timeliness, last 90 days",
    customer="customer",
    tier="tier",
    owner="owner",
    days="days",
    due="was due",
    what="what",
    stage="stage",
    count="customers",
    rate="on time",
    open_alerts="open",
    nothing="nothing",
    more="… and {count} more",
    language="en",
)
CHINESE = Texts(
    importing="正在导入 {name}",
    rows="行",
    one_life="讲述一位客户近 14 个月的经历，直到无人跟进的续约",
    lost_and_won="该客户流失，又被赢回；完整经历见最后一张表。",
    settling="等待导入完整（导入后 30 秒内不提醒）",
    alert="提醒",
    silent="谁在沉默",
    missed="漏掉的跟进",
    by_owner="各负责人的未处理提醒",
    funnel="阶段漏斗",
    timeliness="近 90 天跟进及时率",
    customer="客户",
    tier="客户分层",
    owner="负责人",
    days="天数",
    due="应完成于",
    what="内容",
    stage="阶段",
    count="客户数",
    rate="及时",
    open_alerts="未处理",
    nothing="无",
    more="……另有 {count} 条",
    language="zh",
)
TEXTS = {"en": ENGLISH, "zh": CHINESE}
