"""The default rules about what is measured of a customer."""

from typing import Final

from contracts.alerts import AlertSeverity
from contracts.customer import Mode
from services.alerts.engine.measures import Interval, Score, Volume
from services.alerts.engine.rule import Rule
from services.alerts.engine.shapes import Level, Trend
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import Words
from services.alerts.shipped.severities import HIGHER_FOR_VIP, LOW

ORDERS_SLOWING: Final = Rule(
    id="orders-slowing",
    version=1,
    title=Words("Orders come less often than usual", "下单频率下降"),
    severities=HIGHER_FOR_VIP,
    condition=Trend(measure=Interval(signal="order", percent=200, least_days=30), modes=(Mode.MAINTENANCE,)),
)
CONTACTS_SLOWING: Final = Rule(
    id="contacts-slowing",
    version=1,
    title=Words("Many contacts at first, and hardly any now", "先密后疏，联系没有节奏"),
    severities=LOW,
    condition=Trend(measure=Interval(signal="human-contact", percent=300, at_least=5, least_days=14)),
)
PURCHASES_FALLING: Final = Rule(
    id="purchases-falling",
    version=1,
    title=Words("Purchases fall year on year", "采购量同比骤降"),
    severities={"vip": AlertSeverity.CRITICAL, OTHERS: AlertSeverity.WARNING},
    condition=Trend(measure=Volume(months=3, percent=50), modes=(Mode.MAINTENANCE,)),
)
SATISFACTION_FALLING: Final = Rule(
    id="satisfaction-falling",
    version=2,
    title=Words("Satisfaction falls", "满意度下降"),
    description=Words(
        "Opens when an answer to a survey is 20 points below the customer's earlier ones, however high these were;"
        " closes with a better one or after 90 days. See satisfaction-low.",
        "调查评分比该客户以往低 20 分时触发，不论以往高低；评分好转或 90 天后解除。另见 satisfaction-low。",
    ),
    severities=HIGHER_FOR_VIP,
    condition=Trend(measure=Score(drop=20, days=90)),
)
SATISFACTION_LOW: Final = Rule(
    id="satisfaction-low",
    version=1,
    title=Words("Satisfaction is low", "满意度偏低"),
    description=Words(
        "Opens below 60 of 100, also without earlier answers; closes at 70 or more, or 90 days after the last answer."
        " satisfaction-falling compares with earlier answers instead.",
        "评分低于 60 分（满分 100）时触发，无需以往评分；达到 70 分或最近评分满 90 天后解除。"
        "satisfaction-falling 则与以往评分相比。",
    ),
    severities=HIGHER_FOR_VIP,
    condition=Level(score="satisfaction", below=60, margin=10, days=90),
)
