"""A sentence in both languages that says what a rule does, for rules without a description of their own. Pure."""

from collections.abc import Mapping
from typing import Final

from contracts.followup import Guard
from services.alerts.engine.rule import RuleDefinition
from services.alerts.engine.shapes import Owed, Silence, Told
from services.alerts.engine.shapes.told import REPEATED
from services.alerts.engine.tiers import OTHERS
from services.alerts.engine.words import MODES_ZH, TIERS_ZH, Words

SIGNALS: Final[Mapping[str, Words]] = {
    "human-contact": Words("contact by a person", "人工联系"),
    "order": Words("order", "下单"),
    "quote": Words("quote", "报价"),
    "need": Words("stated need", "提出需求"),
    "need-settled": Words("settled need", "需求已了结"),
    "deal": Words("deal", "签约"),
    "profile-review": Words("review of the profile", "档案复核"),
}
TOLD: Final[Mapping[str, Words]] = {
    REPEATED: Words("a complaint repeats an earlier one", "投诉与此前的投诉相同"),
    Guard.CARE_BEFORE_DEAL: Words("care contacts before the deal", "成交前的关怀联系"),
    Guard.GREETINGS_ONLY: Words("contacts since the deal were greetings only", "成交后的联系只有问候"),
    Guard.NO_INTENT: Words("many contacts without intent", "反复联系无意向的客户"),
    Guard.TWO_COLLEAGUES: Words("two employees contact the customer", "两名员工同时联系客户"),
}


def sentence(rule: RuleDefinition) -> Words:
    """Return the description of the rule, or a sentence made from its condition."""
    if rule.description:
        return rule.description
    match rule.condition:
        case Silence() as silence:
            return of_silence(silence)
        case Owed() as owed:
            return of_owed(owed)
        case Told(signal=signal):
            return Words(
                f"Opens when the follow-up service tells: {TOLD[signal].en}; closes when that is over.",
                f"当跟进服务告知“{TOLD[signal].zh}”时触发，情况结束后解除。",
            )


def of_silence(silence: Silence) -> Words:
    after = SIGNALS[silence.after] if silence.after else None
    awaited = Words(
        " or ".join(SIGNALS[each].en for each in silence.signals),
        "或".join(SIGNALS[each].zh for each in silence.signals),
    )
    by_mode = [(mode, days) for mode, days in silence.days.items()]
    lengths = "; ".join(f"{mode}: {by_tier(days)}" for mode, days in by_mode)
    lengths_zh = "；".join(f"{MODES_ZH.get(mode, mode)}：{by_tier_zh(days)}" for mode, days in by_mode)
    return Words(
        f"Opens when no {awaited.en} has come{f' since the last {after.en}' if after else ''} for so many days"
        f" ({lengths}); closes with the next one.",
        f"{f'自{after.zh}起' if after else ''}超过天数没有{awaited.zh}时触发（{lengths_zh}），有之后解除。",
    )


def of_owed(owed: Owed) -> Words:
    grace, grace_zh = ("", "")
    if owed.grace_minutes:
        grace, grace_zh = f" for {owed.grace_minutes} minutes", f"超过 {owed.grace_minutes} 分钟"
    if owed.item == "task":
        return Words(
            f"Opens when a follow-up is overdue{grace}; closes when it is done, moved or cancelled.",
            f"跟进到期{grace_zh}未完成时触发，完成、改期或取消后解除。",
        )
    hours = ", ".join(f"{severity} {count} h" for severity, count in owed.hours.items())
    return Words(
        f"Opens when the answer to a complaint is overdue{grace} (without a target: {hours}); closes with the answer.",
        f"投诉到期{grace_zh}未答复时触发（没有时限的：{hours}），答复后解除。",
    )


def by_tier(days: Mapping[str, int]) -> str:
    return ", ".join(f"{tier} {count}" for tier, count in days.items())


def by_tier_zh(days: Mapping[str, int]) -> str:
    names = {**TIERS_ZH, OTHERS: "其他"}
    return "、".join(f"{names.get(tier, tier)} {count} 天" for tier, count in days.items())
