"""A sentence in both languages that says what a rule does, for rules without a description of their own. Pure."""

from collections.abc import Mapping
from typing import Final

from contracts.followup import Guard
from services.alerts.engine.measures import Interval, Measured, Score, Volume
from services.alerts.engine.rule import RuleDefinition
from services.alerts.engine.scores import SCORES
from services.alerts.engine.shapes import Condition, Count, Level, Owed, Silence, Told, Trend
from services.alerts.engine.shapes.told import REPEATED, UNRESOLVED
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import MODES_ZH, TIERS_ZH, Words

# Signals and the kinds of events that are counted.
NAMES: Final[Mapping[str, Words]] = {
    "human-contact": Words("contact by a person", "人工联系"),
    "touch": Words("outbound contact", "主动联系"),
    "order": Words("order", "下单"),
    "quote": Words("quote", "报价"),
    "need": Words("need", "需求"),
    "need-settled": Words("settled need", "需求了结"),
    "deal": Words("deal", "签约"),
    "profile-review": Words("review of the profile", "档案复核"),
    "owner": Words("owner", "负责人"),
    "registration": Words("registration", "登记"),
    "key-date": Words("important date", "重要日子"),
    "complaint": Words("complaint", "投诉"),
    "key-contact-change": Words("change of a key contact", "关键联系人变更"),
    "quote-compared": Words("comparison of quotes", "比价"),
    "competitor-cheaper": Words("cheaper competitor", "低价竞争对手"),
}
TOLD: Final[Mapping[str, Words]] = {
    REPEATED: Words("a complaint repeats an earlier one", "投诉与此前的投诉相同"),
    UNRESOLVED: Words("a complaint is not resolved in time", "投诉未按时解决"),
    Guard.CARE_BEFORE_DEAL: Words("care contacts before the deal", "成交前的关怀联系"),
    Guard.GREETINGS_ONLY: Words("contacts since the deal were greetings only", "成交后的联系只有问候"),
    Guard.NO_INTENT: Words("many contacts without intent", "反复联系无意向的客户"),
    Guard.TWO_COLLEAGUES: Words("two employees contact the customer", "两名员工同时联系客户"),
}
OWED: Final[Mapping[str, Words]] = {
    "task": Words("a follow-up", "跟进"),
    "complaint": Words("the answer to a complaint", "投诉答复"),
    "conclusion": Words("the conclusion of a complaint", "投诉结案"),
    "contract": Words("the renewal of a contract", "合同续签"),
    "quote": Words("a requested quote", "客户询价的报价"),
}
TIER_NAMES_ZH: Final = {**TIERS_ZH, OTHERS: "其他"}


def sentence(rule: RuleDefinition) -> Words:
    """Return the description of the rule, or a sentence made from its condition."""
    if rule.description:
        return rule.description
    words = condition_sentence(rule.condition)
    if rule.applies is None:
        return words
    return Words(
        f"{words.en} Only for customers with: {rule.applies}", f"{words.zh}仅适用于满足条件的客户：{rule.applies}"
    )


def condition_sentence(condition: Condition) -> Words:
    match condition:
        case Silence() as silence:
            return of_silence(silence)
        case Owed() as owed:
            return of_owed(owed)
        case Told(signal=signal):
            return Words(
                f"Opens when the follow-up service tells: {TOLD[signal].en}; closes when that is over.",
                f"当跟进服务告知“{TOLD[signal].zh}”时触发，情况结束后解除。",
            )
        case Count() as count:
            return of_count(count)
        case Trend(measure=measure):
            return of_trend(measure)
        case Level() as level:
            return of_level(level)


def of_silence(silence: Silence) -> Words:
    after = NAMES[silence.after] if silence.after else None
    awaited = " or ".join(NAMES[each].en for each in silence.signals)
    awaited_zh = "或".join(NAMES[each].zh for each in silence.signals)
    lengths = "; ".join(f"{mode}: {by_tier(days)}" for mode, days in silence.days.items())
    lengths_zh = "；".join(
        f"{MODES_ZH.get(mode, mode)}：{by_tier_zh(days, '天')}" for mode, days in silence.days.items()
    )
    return Words(
        f"Opens when no {awaited} has come{f' since the last {after.en}' if after else ''} for these days ({lengths});"
        " closes with the next one.",
        f"{f'自{after.zh}起' if after else ''}超过天数没有{awaited_zh}时触发（{lengths_zh}），有之后解除。",
    )


def of_owed(owed: Owed) -> Words:
    due, due_zh = [], []
    if owed.hours:
        due.append("without a target: " + ", ".join(f"{each} {hours} h" for each, hours in owed.hours.items()))
        due_zh.append("没有时限的：" + "、".join(f"{each} {hours} 小时" for each, hours in owed.hours.items()))
    if owed.hours_by_tier:
        due.append(f"hours: {by_tier(owed.hours_by_tier)}")
        due_zh.append(by_tier_zh(owed.hours_by_tier, "小时"))
    if owed.days_before:
        due.append(f"{owed.days_before} days before the last day")
        due_zh.append(f"到期前 {owed.days_before} 天")
    if owed.unless_agreed:
        due.append("unless the customer agreed")
        due_zh.append("客户已同意的除外")
    if owed.grace_minutes:
        due.append(f"{owed.grace_minutes} minutes of grace")
        due_zh.append(f"宽限 {owed.grace_minutes} 分钟")
    item, details, details_zh = OWED[owed.item], "; ".join(due), "；".join(due_zh)
    return Words(
        f"Opens when {item.en} is overdue{f' ({details})' if due else ''}; closes when it is done or moved.",
        f"{item.zh}逾期时触发{f'（{details_zh}）' if due else ''}，完成或改期后解除。",
    )


def of_count(count: Count) -> Words:
    name, times, days = NAMES[count.signal], count.times, count.days
    only = f", only those with: {count.counts}" if count.counts else ""
    only_zh = f"（仅限满足条件的：{count.counts}）" if count.counts else ""
    return Words(
        f"Opens at {times} events of this kind within {days} days: {name.en}{only}; closes below it.",
        f"{days} 天内{name.zh}{only_zh}达到 {times} 次时触发，少于该次数后解除。",
    )


def of_trend(measure: Measured) -> Words:
    match measure:
        case Interval(signal=signal, percent=percent, least_days=days):
            return Words(
                f"Opens when the next event of this kind takes {percent} % of the usual interval, and at least"
                f" {days} days: {NAMES[signal].en}; closes with it.",
                f"距上次{NAMES[signal].zh}超过以往间隔的 {percent}%、且至少 {days} 天时触发，再次发生后解除。",
            )
        case Volume(months=months, percent=percent, margin=margin):
            return Words(
                f"Opens when the orders of {months} months fall below {percent} % of those a year before; closes above"
                f" {percent + margin} %.",
                f"{months} 个月的订单低于去年同期的 {percent}% 时触发，高于 {percent + margin}% 后解除。",
            )
        case Score(drop=drop, least=least, days=days):
            return Words(
                f"Opens when an answer to a survey is {drop} points below the earlier ones, or below {least} of 100;"
                f" closes with a better one or after {days} days.",
                f"调查评分比以往低 {drop} 分或低于 {least} 分（满分 100）时触发，评分好转或 {days} 天后解除。",
            )


def of_level(level: Level) -> Words:
    name = SCORES[level.score].name
    return Words(
        f"Opens when the {name.en} falls below {level.below} of 100; closes at {level.recovered} or more, or"
        f" {level.days} days after the last score.",
        f"{name.zh}低于 {level.below} 分（满分 100）时触发，达到 {level.recovered} 分"
        f"或最近得分满 {level.days} 天后解除。",
    )


def by_tier(values: Mapping[str, int]) -> str:
    return ", ".join(f"{tier} {count}" for tier, count in values.items())


def by_tier_zh(values: Mapping[str, int], unit: str) -> str:
    return "、".join(f"{TIER_NAMES_ZH.get(tier, tier)} {count} {unit}" for tier, count in values.items())
