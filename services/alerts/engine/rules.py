"""The rules of silence, as data: thresholds and severities."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts import AlertSeverity
from contracts.customer import Mode
from contracts.followup import Severity
from contracts.types import Code

OTHERS = "others"


class Rule(BaseModel):
    """The fields of every rule. `severities` are by tier; `others` is for all other tiers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Code
    version: int = Field(ge=1)
    severities: dict[str, AlertSeverity]

    def severity(self, tier: str | None) -> AlertSeverity:
        return self.severities.get(tier or OTHERS, self.severities[OTHERS])


class Inactivity(Rule):
    """No human contact for `days`, by mode and tier."""

    days: dict[Mode, dict[str, int]]

    def threshold(self, mode: Mode, tier: str | None) -> timedelta:
        days = self.days[mode]
        return timedelta(days=days.get(tier or OTHERS, days[OTHERS]))


class MissedFollowUp(Rule):
    """A follow-up that is not completed, rescheduled or cancelled `grace_minutes` after its due time."""

    grace_minutes: int = Field(ge=0)

    def threshold(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)


class UnansweredComplaint(Rule):
    """A complaint without an answer at its target or, if it has no target, after `hours` by severity.

    The followup service computes the target from the work calendar, pauses and reopening.
    """

    hours: dict[Severity, int]

    def threshold(self, severity: Severity) -> timedelta:
        return timedelta(hours=self.hours[severity])


class RuleBook(BaseModel):
    """The rules in force. `zone` is the business zone of the times in summaries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = "Asia/Shanghai"
    inactivity: Inactivity
    missed_follow_up: MissedFollowUp
    unanswered_complaint: UnansweredComplaint


HIGHER_FOR_VIP = {"vip": AlertSeverity.ERROR, OTHERS: AlertSeverity.WARNING}

DEFAULT_RULES = RuleBook(
    inactivity=Inactivity(
        id="inactivity",
        version=1,
        severities=HIGHER_FOR_VIP,
        days={
            Mode.FOLLOW_UP: {"vip": 7, "growth": 14, OTHERS: 30},
            Mode.MAINTENANCE: {"vip": 30, "growth": 60, OTHERS: 120},
        },
    ),
    missed_follow_up=MissedFollowUp(id="missed-follow-up", version=1, severities=HIGHER_FOR_VIP, grace_minutes=0),
    unanswered_complaint=UnansweredComplaint(
        id="unanswered-complaint",
        version=2,
        severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
        hours={Severity.CRITICAL: 4, Severity.HIGH: 12, Severity.NORMAL: 24, Severity.LOW: 48},
    ),
)
