"""The parts of the summaries of alerts, in English and Chinese, without a person's name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from contracts.types import Name
from services.alerts.engine.facts import Facts


@dataclass(frozen=True, slots=True)
class Words:
    """A text in English and Chinese. One that is read has at most MAX_NAME characters."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    en: Name
    zh: Name


TIERS_ZH = {"vip": "VIP", "growth": "成长型", "ordinary": "普通"}
MODES_ZH = {"follow-up": "跟进期", "maintenance": "维护期"}
READ_AS_DAYS = timedelta(hours=48)


def evaluation_failed(reason: str) -> Words:
    """Return why an expression cannot be evaluated. `reason` is that of the CEL library, which is in English."""
    return Words(reason, f"表达式无法求值：{reason}")


def scope(facts: Facts) -> str:
    """Return the tier and the mode of a customer."""
    return f"{facts.tier or 'no tier'}, {facts.mode or facts.stage}"


def scope_zh(facts: Facts) -> str:
    tier = TIERS_ZH.get(facts.tier or "", facts.tier or "未分层")
    return f"{tier}，{MODES_ZH.get(str(facts.mode), str(facts.stage))}"


def local_time(instant: datetime, zone: str) -> str:
    """Return a time like "2026-11-30 18:00 +0800"."""
    local = instant.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes")
    return f"{local[:16]} {local[16:].replace(':', '')}"


def length(span: timedelta) -> str:
    return f"{span.days} days" if span >= READ_AS_DAYS else f"{int(span.total_seconds() // 3600)} hours"


def length_zh(span: timedelta) -> str:
    return f"{span.days} 天" if span >= READ_AS_DAYS else f"{int(span.total_seconds() // 3600)} 小时"
