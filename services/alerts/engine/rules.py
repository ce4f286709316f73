"""The rules of silence, as data: thresholds and severities."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from contracts.alerts import AlertSeverity
from contracts.customer import Mode
from contracts.followup import Severity
from contracts.types import Code

OTHERS = "others"


class Rule(BaseModel):
    """What every rule has. `severities` are by tier; `others` stands for any tier not named."""

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
    """A follow-up is due and neither done, moved nor cancelled, `grace_minutes` later."""

    grace_minutes: int = Field(ge=0)

    def threshold(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)


class UnansweredComplaint(Rule):
    """A complaint has had no answer by the time promised; where nothing was, for `hours`, by its severity.

    What is promised follows the work calendar, pauses and reopening, as the followup service tells it.
    """

    hours: dict[Severity, int]

    def threshold(self, severity: Severity) -> timedelta:
        return timedelta(hours=self.hours[severity])


class RuleBook(BaseModel):
    """All rules that are in force. `zone` is the business zone in which times are put into words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: str = "Asia/Shanghai"
    inactivity: Inactivity
    missed_follow_up: MissedFollowUp
    unanswered_complaint: UnansweredComplaint


LOUDER_FOR_VIP = {"vip": AlertSeverity.ERROR, OTHERS: AlertSeverity.WARNING}

DEFAULT_RULES = RuleBook(
    inactivity=Inactivity(
        id="inactivity",
        version=1,
        severities=LOUDER_FOR_VIP,
        days={
            Mode.FOLLOW_UP: {"vip": 7, "growth": 14, OTHERS: 30},
            Mode.MAINTENANCE: {"vip": 30, "growth": 60, OTHERS: 120},
        },
    ),
    missed_follow_up=MissedFollowUp(id="missed-follow-up", version=1, severities=LOUDER_FOR_VIP, grace_minutes=0),
    unanswered_complaint=UnansweredComplaint(
        id="unanswered-complaint",
        version=2,
        severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
        hours={Severity.CRITICAL: 4, Severity.HIGH: 12, Severity.NORMAL: 24, Severity.LOW: 48},
    ),
)
