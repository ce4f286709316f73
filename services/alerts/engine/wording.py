"""How an alert is put into words, in both languages, without a person's name in it."""

from datetime import timedelta

from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding

TIERS_ZH = {"vip": "VIP", "growth": "成长型", "ordinary": "普通"}
MODES_ZH = {"follow-up": "跟进期", "maintenance": "维护期"}


def summary(facts: Facts, finding: Finding) -> str:
    who = f"{facts.tier or 'no tier'}, {facts.mode or facts.stage}"
    match finding.rule.id:
        case "inactivity":
            return f"No human contact for {length(finding.threshold)} ({who})."
        case "missed-follow-up":
            return f"A follow-up due {finding.since.at:%Y-%m-%d %H:%M} UTC was neither done nor moved ({who})."
        case _:
            return f"A complaint has had no answer for {length(finding.threshold)} ({who})."


def summary_zh(facts: Facts, finding: Finding) -> str:
    tier = TIERS_ZH.get(facts.tier or "", facts.tier or "未分层")
    who = f"{tier}，{MODES_ZH.get(str(facts.mode), str(facts.stage))}"
    match finding.rule.id:
        case "inactivity":
            return f"已有{length_zh(finding.threshold)}没有人工联系（{who}）。"
        case "missed-follow-up":
            return f"应于 {finding.since.at:%Y-%m-%d %H:%M} UTC 完成的跟进既未完成也未改期（{who}）。"
        case _:
            return f"投诉已有{length_zh(finding.threshold)}没有答复（{who}）。"


def length(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"  # noqa: PLR2004 - two days read better as days


def length_zh(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f" {hours // 24} 天" if hours >= 48 else f" {hours} 小时"  # noqa: PLR2004 - as above
