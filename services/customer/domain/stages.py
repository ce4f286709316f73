"""The legal transitions between stages, as data, with their reasons and usual actions."""

from dataclasses import dataclass

from chassis.commands.decider import RejectedError
from contracts.customer import Stage

STAGES_ZH = {
    Stage.NEW: "新客户",
    Stage.INTERESTED: "意向",
    Stage.SIGNED: "签约",
    Stage.ESTABLISHED: "老客户",
    Stage.LOST: "流失",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A code with its labels in English and Chinese."""

    code: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal transition. If there are `reasons`, one is required. `proposed_by` is an event type that suggests it.

    No event changes the stage by itself: an employee or another system decides.
    """

    stage: Stage
    to: Stage
    reasons: tuple[Labelled, ...] = ()
    actions: tuple[Labelled, ...] = ()
    proposed_by: str | None = None


WON_BACK = Labelled("won-back", "Won back", "成功挽回")
LOSS_REASONS = (
    Labelled("price", "Price", "价格"),
    Labelled("competitor", "Went to a competitor", "竞争对手"),
    Labelled("service", "Dissatisfied with the service", "服务不满意"),
    Labelled("need-gone", "No longer needed", "需求消失"),
    Labelled("no-budget", "No budget", "没有预算"),
    Labelled("no-response", "No response", "无回应"),
    Labelled("not-renewed", "The contract was not renewed", "合同未续签"),
    Labelled("closed-down", "Closed down", "停业"),
    Labelled("other", "Other", "其他"),
)
FIRST_TALK = Labelled("talk-about-needs", "Discuss the needs", "需求沟通")
QUOTE = Labelled("send-quote", "Send a quote", "发送报价")
KICK_OFF = Labelled("plan-delivery", "Plan the delivery and name the person responsible", "制定交付计划并告知负责人")
CALL_BACK = Labelled("call-back-after-delivery", "Call back 3, 7 and 30 days after delivery", "交付后3/7/30天回访")
SURVEY = Labelled("ask-for-satisfaction", "Ask for satisfaction", "满意度回访")
CARE = Labelled("begin-care-plan", "Start the care plan of the tier", "启动分层维护计划")
INTERVIEW = Labelled("loss-interview", "Ask why they left", "流失客户访谈")
WIN_BACK = Labelled("begin-win-back", "Start the win-back plan", "启动挽回计划")
SIGNED_BY = "care.customer.contract-signed.v1"

TRANSITIONS = (
    Transition(Stage.NEW, Stage.INTERESTED, actions=(FIRST_TALK, QUOTE)),
    Transition(Stage.NEW, Stage.SIGNED, actions=(KICK_OFF, CALL_BACK), proposed_by=SIGNED_BY),
    Transition(Stage.NEW, Stage.LOST, LOSS_REASONS, (INTERVIEW,)),
    Transition(Stage.INTERESTED, Stage.SIGNED, actions=(KICK_OFF, CALL_BACK), proposed_by=SIGNED_BY),
    Transition(Stage.INTERESTED, Stage.LOST, LOSS_REASONS, (INTERVIEW, WIN_BACK)),
    Transition(Stage.SIGNED, Stage.ESTABLISHED, actions=(SURVEY, CARE)),
    Transition(Stage.SIGNED, Stage.LOST, LOSS_REASONS, (INTERVIEW, WIN_BACK)),
    Transition(Stage.ESTABLISHED, Stage.LOST, LOSS_REASONS, (INTERVIEW, WIN_BACK)),
    Transition(Stage.LOST, Stage.INTERESTED, (WON_BACK,), (FIRST_TALK, QUOTE)),
)
TRANSITION_OF = {(each.stage, each.to): each for each in TRANSITIONS}
LEGAL = {stage: frozenset(each.to for each in TRANSITIONS if each.stage is stage) for stage in Stage}
# Files and other systems need not state a reason. This one is always accepted.
SOURCE_REASON = "stated-by-source"


def require_transition(stage: Stage, to: Stage, reason: str | None) -> None:
    """Raise RejectedError for an illegal transition, or for a missing or unknown reason."""
    transition = TRANSITION_OF.get((stage, to))
    if transition is None:
        raise illegal(stage, to)
    reasons = [each.code for each in transition.reasons]
    if reasons and reason not in {*reasons, SOURCE_REASON}:
        raise RejectedError(
            "reason-needed",
            f"The change from {stage} to {to} requires a reason: {', '.join(reasons)}.",
            f"客户从“{STAGES_ZH[stage]}”变为“{STAGES_ZH[to]}”需要填写原因；可选："
            f"{'、'.join(f'{each.code}（{each.zh}）' for each in transition.reasons)}。",
            "reason",
        )


def illegal(stage: Stage, to: Stage) -> RejectedError:
    open_stages = [name for name in Stage if name in LEGAL[stage]]
    open_zh = "、".join(STAGES_ZH[name] for name in open_stages)
    return RejectedError(
        "illegal-transition",
        f"The stage cannot change from {stage} to {to}. Possible are: {', '.join(open_stages)}.",
        f"客户不能从“{STAGES_ZH[stage]}”变为“{STAGES_ZH[to]}”；可变为：{open_zh}。",
        "stage",
    )
