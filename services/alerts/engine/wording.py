"""The summary of an alert, in English and Chinese, without a person's name."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding

TIERS_ZH = {"vip": "VIP", "growth": "成长型", "ordinary": "普通"}
MODES_ZH = {"follow-up": "跟进期", "maintenance": "维护期"}
READ_AS_DAYS = timedelta(hours=48)


def summary(facts: Facts, finding: Finding, zone: str, instant: datetime) -> str:
    """Return the summary at `instant`, with times in the business zone."""
    scope = f"{facts.tier or 'no tier'}, {facts.mode or facts.stage}"
    lasted, allowed = length(instant - finding.since.at), length(finding.threshold)
    match finding.rule.id:
        case "inactivity":
            return f"No human contact for {lasted}; {allowed} are allowed ({scope})."
        case "missed-follow-up":
            return f"A follow-up due {local_time(finding.since.at, zone)} was neither done nor moved ({scope})."
        case _:
            return (
                f"A complaint has had no answer for {lasted}; one was due {local_time(finding.due_at, zone)} ({scope})."
            )


def summary_zh(facts: Facts, finding: Finding, zone: str, instant: datetime) -> str:
    tier = TIERS_ZH.get(facts.tier or "", facts.tier or "未分层")
    scope = f"{tier}，{MODES_ZH.get(str(facts.mode), str(facts.stage))}"
    lasted, allowed = length_zh(instant - finding.since.at), length_zh(finding.threshold)
    match finding.rule.id:
        case "inactivity":
            return f"已有 {lasted}没有人工联系，上限 {allowed}（{scope}）。"
        case "missed-follow-up":
            return f"应于 {local_time(finding.since.at, zone)} 前完成的跟进既未完成也未改期（{scope}）。"
        case _:
            return f"投诉已有 {lasted}没有答复，应于 {local_time(finding.due_at, zone)} 前答复（{scope}）。"


def local_time(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %z}"


def length(span: timedelta) -> str:
    return f"{span.days} days" if span >= READ_AS_DAYS else f"{int(span.total_seconds() // 3600)} hours"


def length_zh(span: timedelta) -> str:
    return f"{span.days} 天" if span >= READ_AS_DAYS else f"{int(span.total_seconds() // 3600)} 小时"
