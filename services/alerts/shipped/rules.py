"""The default rules."""

from collections.abc import Mapping
from typing import Final

from contracts.alerts import AlertSeverity
from contracts.customer import Mode
from contracts.followup import Guard, Severity
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count, Owed, Silence, Told
from services.alerts.engine.shapes.told import REPEATED, UNRESOLVED
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import Words
from services.alerts.shipped.measured_rules import (
    CONTACTS_SLOWING,
    ORDERS_SLOWING,
    PURCHASES_FALLING,
    SATISFACTION_FALLING,
    SATISFACTION_LOW,
)
from services.alerts.shipped.severities import HIGHER_FOR_VIP, LOW

# An important date is announced a week ahead.
KEY_DATE_DAYS: Final = 8


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

NEED_WITHOUT_OFFER: Final = Rule(
    id="need-without-offer",
    version=1,
    title=Words("No quote and no order since a need was stated", "提出需求后没有报价也没有下单"),
    severities=HIGHER_FOR_VIP,
    condition=Silence(
        signals=("quote", "order"),
        after="need",
        days={Mode.FOLLOW_UP: by_tier(7, 10, 14), Mode.MAINTENANCE: by_tier(7, 10, 14)},
    ),
)
NO_OWNER: Final = Rule(
    id="no-owner",
    version=1,
    title=Words("Nobody is responsible for the customer", "客户没有负责人"),
    severities=HIGHER_FOR_VIP,
    condition=Silence(
        signals=("owner",),
        after="registration",
        days={Mode.FOLLOW_UP: by_tier(1, 1, 2), Mode.MAINTENANCE: by_tier(1, 1, 2)},
    ),
)
KEY_DATE_FORGOTTEN: Final = Rule(
    id="key-date-forgotten",
    version=1,
    title=Words("Nobody contacted the customer on an important date", "重要日子无人联系"),
    severities=LOW,
    condition=Silence(
        signals=("human-contact",),
        after="key-date",
        days={Mode.FOLLOW_UP: {OTHERS: KEY_DATE_DAYS}, Mode.MAINTENANCE: {OTHERS: KEY_DATE_DAYS}},
    ),
)
SLOW_QUOTE: Final = Rule(
    id="slow-quote",
    version=1,
    title=Words("A requested quote has not been issued", "客户询价后尚未报价"),
    severities=HIGHER_FOR_VIP,
    condition=Owed(item="quote", hours_by_tier=by_tier(24, 48, 72)),
)
COMPLAINT_UNRESOLVED: Final = Rule(
    id="complaint-unresolved",
    version=1,
    title=Words("A complaint is not resolved in time", "投诉未按时解决"),
    severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
    condition=Told(signal=UNRESOLVED),
)
COMPLAINT_NOT_CONCLUDED: Final = Rule(
    id="complaint-not-concluded",
    version=1,
    title=Words("A complaint was answered, and then dropped", "投诉答复后没有下文"),
    severities=HIGHER_FOR_VIP,
    condition=Owed(item="conclusion", hours_by_tier=by_tier(48, 72, 120)),
)
CONTRACT_NEAR_END: Final = Rule(
    id="contract-near-end",
    version=1,
    title=Words(
        "A contract ends soon, and the customer has not said that it will renew it", "合同即将到期，客户尚无续签意向"
    ),
    severities=HIGHER_FOR_VIP,
    condition=Owed(item="contract", days_before=60, unless_agreed=True),
)
CONTRACT_NOT_RENEWED: Final = Rule(
    id="contract-not-renewed",
    version=1,
    title=Words("A contract has ended and was not renewed", "合同已到期且未续签"),
    severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.ERROR},
    condition=Owed(item="contract"),
)
MORE_COMPLAINTS: Final = Rule(
    id="more-complaints",
    version=1,
    title=Words("Complaints are piling up", "投诉次数增加"),
    severities=HIGHER_FOR_VIP,
    condition=Count(signal="complaint", times=3, days=30),
)
KEY_CONTACTS_CHANGING: Final = Rule(
    id="key-contacts-changing",
    version=1,
    title=Words("Key contacts change often", "关键联系人频繁变更"),
    severities=LOW,
    condition=Count(signal="key-contact-change", times=3, days=90),
)
QUOTES_COMPARED: Final = Rule(
    id="quotes-compared",
    version=1,
    title=Words("Quotes are compared again and again", "报价被反复比价"),
    severities=HIGHER_FOR_VIP,
    condition=Count(signal="quote-compared", times=3, days=30),
)
TOO_MANY_CONTACTS: Final = Rule(
    id="too-many-contacts",
    version=1,
    title=Words("The customer is contacted too often", "联系过于频繁"),
    severities=LOW,
    condition=Count(signal="touch", times=10, days=7),
)
CHEAPER_COMPETITOR: Final = Rule(
    id="cheaper-competitor",
    version=1,
    title=Words("A cheaper competitor was seen again", "再次出现低价竞争对手"),
    severities=HIGHER_FOR_VIP,
    condition=Count(signal="competitor-cheaper", times=2, days=90),
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
        NEED_WITHOUT_OFFER,
        NO_OWNER,
        KEY_DATE_FORGOTTEN,
        SLOW_QUOTE,
        COMPLAINT_UNRESOLVED,
        COMPLAINT_NOT_CONCLUDED,
        CONTRACT_NEAR_END,
        CONTRACT_NOT_RENEWED,
        MORE_COMPLAINTS,
        KEY_CONTACTS_CHANGING,
        QUOTES_COMPARED,
        TOO_MANY_CONTACTS,
        CHEAPER_COMPETITOR,
        ORDERS_SLOWING,
        CONTACTS_SLOWING,
        PURCHASES_FALLING,
        SATISFACTION_FALLING,
        SATISFACTION_LOW,
    )
)
