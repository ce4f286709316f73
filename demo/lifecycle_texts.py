"""The texts of events, in English and Chinese. An event without a text is shown by its type."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.money import DEFAULT_EXPONENT, EXPONENTS
from services.alerts.shipped.rules import DEFAULT_RULES

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = ("due_at", "anchor_at")
TIMES = ("answer_by", "resolve_by", "consent_at")
# Not shown: the event beside them says the same, such as the contact that completes a task.
NOT_SHOWN = (
    *("task-completed", "task-reassigned", "profile-changed", "complaint-resumed", "handover-accepted", "tier-held"),
    *("plan-changed", "plan-ended"),
)
SENTENCES = {
    "registered": ("Registered: {name}, {kind}", "登记：{name}（{kind}）"),
    "owner-assigned": ("Owner: {owner_id}", "负责人：{owner_id}"),
    "tier-changed": ("Tier: {tier}", "客户分层：{tier}"),
    "stage-changed": ("Stage: {previous} → {stage} {reason}", "阶段：{previous} → {stage} {reason}"),
    "quote-issued": ("Quoted {amount}", "报价 {amount}"),
    "quote-compared": ("Quote compared with {competitor}", "与 {competitor} 比价"),
    "contract-signed": (
        "Contract signed: {amount}, {starts_on} to {ends_on}",
        "签订合同：{amount}，{starts_on} 至 {ends_on}",
    ),
    "renewal-intent-stated": ("Renewal intent: {intent}", "续签意向：{intent}"),
    "contract-ended": ("Contract ended: {reason}", "合同终止：{reason}"),
    "order-placed": ("Order: {amount}", "下单 {amount}"),
    "order-delivered": ("Delivered", "已交付"),
    "contact-logged": (
        "{employee_id} {channel}: {purpose} {outcome}",
        "{employee_id} {channel}：{purpose} {outcome}",
    ),
    "task-scheduled": ("To do by {due_at}: {purpose}, {assignee_id}", "待办（{due_at} 前）：{purpose}，{assignee_id}"),
    "task-rescheduled": ("To do by {due_at} instead", "待办改至 {due_at} 前"),
    "task-cancelled": ("Follow-up cancelled", "跟进取消"),
    "plan-started": ("Plan started: {template}", "跟进计划开始：{template}"),
    "complaint-raised": ("Complaint ({severity}): {topic}", "投诉（{severity}）：{topic}"),
    "complaint-target-set": ("Target: answer by {answer_by}", "时限：{answer_by} 前答复"),
    "complaint-target-changed": ("Target changed: answer by {answer_by}", "时限变更：{answer_by} 前答复"),
    "complaint-assigned": ("Complaint assigned to {owner_id}", "投诉交由 {owner_id} 处理"),
    "complaint-paused": ("Paused: {reason}", "暂停计时：{reason}"),
    "complaint-answered": ("Answered, in time: {answered_in_time}", "已答复，及时：{answered_in_time}"),
    "complaint-communicated": ("Result communicated to the customer", "已告知客户处理结果"),
    "complaint-confirmed": ("Resolution confirmed by the customer", "客户已确认处理结果"),
    "complaint-closed": (
        "Complaint closed: {resolution}; in time: {resolved_in_time}",
        "投诉关闭：{resolution}；及时：{resolved_in_time}",
    ),
    "complaint-auto-replied": ("Automatic reply to the complaint", "投诉已自动回复"),
    "complaint-reclassified": ("Severity changed: {previous} → {severity}", "严重程度变更：{previous} → {severity}"),
    "complaint-escalated": ("Complaint escalated to level {level}", "投诉升级至第 {level} 级"),
    "complaint-consented": ("The customer agreed to a later date", "客户同意延期"),
    "complaint-reopened": ("Complaint reopened: {reason}", "投诉重新打开：{reason}"),
    "complaint-linked": ("Complaint no. {number} about the same issue", "同一问题第 {number} 次投诉"),
    "survey-sent": ("Survey sent by {channel}: {kind} {survey}", "发出问卷（{channel}）：{kind} {survey}"),
    "survey-answered": ("Survey answered: {score} of {highest}", "作答：{score} 分（满分 {highest}）"),
    "handover-started": ("Handover to {to_owner_id} started: {reason}", "开始交接给 {to_owner_id}：{reason}"),
    "guard-tripped": ("Notice: {guard}", "提示：{guard}"),
    "guard-cleared": ("Notice cleared: {guard}", "提示解除：{guard}"),
    "raised": ("ALERT: {summary}", "预警：{summary_zh}"),
    "cleared": ("Alert ended: {rule_id}", "预警解除：{rule_id}"),
    "withdrawn": ("Alert withdrawn: {rule_id}", "预警撤回：{rule_id}"),
    "moved": ("Alert counts from another time: {rule_id}", "预警起算时间变更：{rule_id}"),
    "readdressed": ("Alert now for {owner_id}: {rule_id}", "预警改由 {owner_id} 处理：{rule_id}"),
    "carried-away": ("Alert moved to another customer: {rule_id}", "预警转至另一客户：{rule_id}"),
    "carried-in": ("Alert taken over from another customer: {rule_id}", "预警自另一客户转入：{rule_id}"),
    "acknowledged": ("Alert acknowledged: {rule_id}", "预警已确认：{rule_id}"),
    "assigned": ("Alert assigned to {owner_id}: {rule_id}", "预警指派给 {owner_id}：{rule_id}"),
    "commented": ("Comment on the alert: {rule_id}", "预警添加备注：{rule_id}"),
    "snoozed": ("Alert snoozed: {rule_id}", "预警暂缓：{rule_id}"),
    "unsnoozed": ("Snooze ended: {rule_id}", "预警暂缓结束：{rule_id}"),
    "escalated": ("Alert escalated: {rule_id}", "预警升级：{rule_id}"),
    "care-reported": ("Care task of the alert reported", "预警关怀任务有结果"),
    "rule-muted": ("Rule muted: {rule_id}", "规则静音：{rule_id}"),
    "rule-unmuted": ("Rule no longer muted: {rule_id}", "规则恢复提醒：{rule_id}"),
}
BLANKS = {"purpose": "contact"}
CHINESE = {rule.id: rule.title.zh for rule in DEFAULT_RULES.rules} | {
    "contact": "联系",
    "wechat": "微信",
    "nps": "NPS",
    "after-win-back": "挽回后",
    "no": "否",
    "seller": "销售甲",
    "successor": "销售乙",
    "service": "客服",
    "leader": "主管",
    "company": "企业",
    "new": "新客户",
    "interested": "意向",
    "signed": "签约",
    "established": "老客户",
    "lost": "流失",
    "not-renewed": "未续签",
    "won-back": "挽回",
    "left": "离职",
    "vip": "VIP",
    "growth": "成长型",
    "phone": "电话",
    "visit": "拜访",
    "other": "其他",
    "quote": "报价",
    "close-push": "促单",
    "callback": "回访",
    "win-back": "流失挽回",
    "renewal": "续签沟通",
    "care": "关怀",
    "call-again": "再次致电",
    "will-think-again": "再考虑",
    "after-delivery": "交付后回访",
    "contract-end": "合同到期",
    "agreed": "达成一致",
    "content": "满意",
    "introduced": "已初次见面",
    "yes": "是",
    "high": "高",
    "outage": "服务中断",
    "waits-for-customer": "等待客户",
    "repaired": "已修复",
    "replaced": "已更换",
    "came-back": "问题重现",
    "two-colleagues": "两位同事同时联系",
    "care-before-deal": "成交前仅有关怀沟通",
    "greetings-only": "仅有问候",
    "no-intent": "客户无意向",
    "inactivity": "长期未联系",
    "missed-follow-up": "遗漏的跟进",
    "unanswered-complaint": "投诉未答复",
    "normal": "一般",
    "low": "低",
    "critical": "紧急",
}


class EventFields(dict[str, str]):
    """The fields of one event. A missing field is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def sentences(entry: dict[str, Any]) -> tuple[str, str] | None:
    """Return the text of a timeline entry, in English and in Chinese; None if it is not shown."""
    name = entry["type"].removesuffix(".v1").rpartition(".")[2]
    if name in NOT_SHOWN or (name == "complaint-linked" and entry["data"]["number"] == 1):
        return None
    fields = entry["data"].get("question", {}) | entry["data"]
    data = BLANKS | {key: text(key, value) for key, value in fields.items()}
    data["amount"] = amount(entry["data"])
    plain = name.replace("-", " ")
    en, zh = SENTENCES.get(name, (plain, plain))
    in_chinese = {key: CHINESE.get(value, value) for key, value in data.items()}
    return en.format_map(EventFields(data)).strip(" :"), zh.format_map(EventFields(in_chinese)).strip(" ：")


def text(name: str, value: Any) -> str:
    if name in DAYS:
        return f"{datetime.fromisoformat(value).astimezone(ZONE):%Y-%m-%d}"
    if name in TIMES:
        return f"{datetime.fromisoformat(value).astimezone(ZONE):%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).removeprefix("demo-")


def amount(data: dict[str, Any]) -> str:
    if "amount_minor" not in data:
        return ""
    exponent = EXPONENTS.get(data["currency"], DEFAULT_EXPONENT)
    return f"{data['currency']} {data['amount_minor'] / 10**exponent:,.{exponent}f}"
