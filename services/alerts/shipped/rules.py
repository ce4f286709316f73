"""The default rules."""

from collections.abc import Mapping
from typing import Final

from contracts.alerts import AlertSeverity
from contracts.customer import Mode
from contracts.followup import Guard, Severity
from services.alerts.engine.rule import Rule, RuleBook
from services.alerts.engine.shapes import Owed, Silence, Told
from services.alerts.engine.shapes.told import REPEATED
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import Words

HIGHER_FOR_VIP: Final = {"vip": AlertSeverity.ERROR, OTHERS: AlertSeverity.WARNING}
LOW: Final = {OTHERS: AlertSeverity.INFO}


def by_tier(vip: int, growth: int, others: int) -> Mapping[str, int]:
    return {"vip": vip, "growth": growth, OTHERS: others}


INACTIVITY: Final = Rule(
    id="inactivity",
    version=1,
    title=Words("No human contact", "没有人工联系"),
    severities=HIGHER_FOR_VIP,
    condition=Silence(
        signals=("human-contact",),
        days={Mode.FOLLOW_UP: by_tier(7, 14, 30), Mode.MAINTENANCE: by_tier(30, 60, 120)},
    ),
)
NO_ACTIVITY: Final = Rule(
    id="no-activity",
    version=1,
    title=Words("No order and no contact", "没有下单也没有联系"),
    severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
    condition=Silence(signals=("human-contact", "order"), days={Mode.MAINTENANCE: by_tier(60, 120, 240)}),
)
AFTER_SALES_GAP: Final = Rule(
    id="after-sales-gap",
    version=1,
    title=Words("Nobody contacted the customer after the deal", "签约后无人联系"),
    severities=HIGHER_FOR_VIP,
    condition=Silence(signals=("human-contact",), after="deal", days={Mode.MAINTENANCE: by_tier(3, 7, 14)}),
)
NEED_WITHOUT_REACTION: Final = Rule(
    id="need-without-reaction",
    version=1,
    title=Words("Nobody reacted to a need", "提出需求后无人跟进"),
    severities=HIGHER_FOR_VIP,
    condition=Silence(
        signals=("human-contact", "quote", "order"),
        after="need",
        days={Mode.FOLLOW_UP: by_tier(2, 3, 5), Mode.MAINTENANCE: by_tier(3, 5, 7)},
    ),
)
PROFILE_REVIEW_OVERDUE: Final = Rule(
    id="profile-review-overdue",
    version=1,
    title=Words("The profile was not reviewed", "客户档案未复核"),
    severities=LOW,
    condition=Silence(signals=("profile-review",), days={Mode.MAINTENANCE: by_tier(90, 180, 365)}),
)
MISSED_FOLLOW_UP: Final = Rule(
    id="missed-follow-up",
    version=1,
    title=Words("A follow-up was neither done nor moved", "跟进既未完成也未改期"),
    severities=HIGHER_FOR_VIP,
    condition=Owed(item="task"),
)
UNANSWERED_COMPLAINT: Final = Rule(
    id="unanswered-complaint",
    version=2,
    title=Words("A complaint has had no answer", "投诉没有答复"),
    severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
    condition=Owed(
        item="complaint", hours={Severity.CRITICAL: 4, Severity.HIGH: 12, Severity.NORMAL: 24, Severity.LOW: 48}
    ),
)
REPEATED_COMPLAINT: Final = Rule(
    id="repeated-complaint",
    version=1,
    title=Words("The same problem was reported again", "同一问题再次被投诉"),
    severities=HIGHER_FOR_VIP,
    condition=Told(signal=REPEATED),
)
CARE_BEFORE_DEAL: Final = Rule(
    id="care-before-deal",
    version=1,
    title=Words("Care contacts before the deal put pressure on the customer", "成交前的关怀联系给客户造成压力"),
    severities=LOW,
    condition=Told(signal=Guard.CARE_BEFORE_DEAL),
)
GREETINGS_ONLY: Final = Rule(
    id="greetings-only",
    version=1,
    title=Words("Since the deal, contacts were greetings only", "成交后的联系只有问候"),
    severities=LOW,
    condition=Told(signal=Guard.GREETINGS_ONLY),
)
CHASED_WITHOUT_INTENT: Final = Rule(
    id="chased-without-intent",
    version=1,
    title=Words("A customer without intent is contacted again and again", "反复联系无意向的客户"),
    severities=LOW,
    condition=Told(signal=Guard.NO_INTENT),
)
TWO_COLLEAGUES: Final = Rule(
    id="two-colleagues",
    version=1,
    title=Words("Two employees contact the same customer", "两名员工同时联系同一客户"),
    severities=HIGHER_FOR_VIP,
    condition=Told(signal=Guard.TWO_COLLEAGUES),
)

DEFAULT_RULES: Final = RuleBook(
    rules=(
        INACTIVITY,
        NO_ACTIVITY,
        AFTER_SALES_GAP,
        NEED_WITHOUT_REACTION,
        PROFILE_REVIEW_OVERDUE,
        MISSED_FOLLOW_UP,
        UNANSWERED_COMPLAINT,
        REPEATED_COMPLAINT,
        CARE_BEFORE_DEAL,
        GREETINGS_ONLY,
        CHASED_WITHOUT_INTENT,
        TWO_COLLEAGUES,
    )
)
