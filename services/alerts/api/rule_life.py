"""HTTP for the life of an alert rule: draft, validate, preview, shadow, publish, retire."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from chassis.commands.command_handler import allow_all
from chassis.commands.decider import RejectedError
from chassis.commands.problem import ProblemError, not_found
from chassis.http.access import Caller, OpsOrAdmin, Previewer
from chassis.http.body import StrictRoute
from chassis.http.responses import PUBLISHED, Accepted, answer
from contracts.alerts import RuleDrafted, RulePhase
from contracts.types import Code
from services.alerts import commands
from services.alerts.api.access import Reader
from services.alerts.api.rule_segments import segment_problem, segment_refusal, with_segments
from services.alerts.api.rule_views import SentenceView, sentence_of, text
from services.alerts.dependencies import Needs, RuleDependencies
from services.alerts.detection.preview import RulePreview, preview
from services.alerts.detection.rule_reading import rule_of
from services.alerts.engine.features import MAX_FEATURES
from services.alerts.engine.rule import Rule, RuleDefinition, counted_by, definition_of
from services.alerts.engine.sentences import sentence

FIRST_DRAFT: Final[dict[int | str, dict[str, Any]]] = {
    201: {"model": Accepted, "description": "The first draft of this rule"}
}
# Checks a command when it is decided.
Authorize = Callable[[object], None]

router = APIRouter(prefix="/v1", tags=["alert rules"], route_class=StrictRoute)

MAX_RULES: Final = 500
RESERVED: Final = frozenset({"export", "import", "sweep", "validation"})
PREVIEW_VALID: Final = timedelta(hours=24)

Name = Annotated[Code, Path(alias="rule")]


class ValidRule(BaseModel):
    """A valid definition: as it is stored, and a sentence that says what it does."""

    sentence: SentenceView
    definition: dict[str, Any]


class DraftView(BaseModel):
    """The latest draft of a rule. `phase` is `shadow` while it is detected and delivered to nobody.

    It has no sentence if this version of the service refuses its definition.
    """

    name: str
    number: int
    phase: RulePhase
    sentence: SentenceView | None
    definition: dict[str, Any]
    reason: str


@router.post("/rules/validation")
async def validate_rule(body: commands.RuleContent, _caller: Previewer, needs: Needs) -> ValidRule:
    """Check a definition. Nothing is stored."""
    if problem := await segment_problem(body.definition, needs.rules.pool):
        raise problem
    return ValidRule(sentence=text(sentence(body.definition)), definition=definition_of(body.definition))


@router.get("/rules/{rule}/draft")
async def read_rule_draft(rule: Name, caller: Reader, needs: Needs) -> DraftView:
    """Read the latest draft."""
    draft = await needs.rules.drafts.in_force(caller.context.now, rule)
    in_shadow = {each.id for each in (await needs.rules.in_force.current(needs.rules.pool)).book.shadow}
    phase = RulePhase.SHADOW if rule in in_shadow else RulePhase.DRAFT
    return DraftView(**{**dict(draft), "phase": phase}, sentence=sentence_of(draft))


@router.put("/rules/{rule}/draft", response_model=Accepted, responses=FIRST_DRAFT)
async def save_rule_draft(rule: Name, body: commands.RuleDraft, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Save a draft of the rule. It replaces the draft before, and ends its shadow; the rule in force stays."""
    refuse_reserved(rule)
    if await needs.rules.queries.others(rule) >= MAX_RULES:
        raise RejectedError("too-many-rules", f"There can be at most {MAX_RULES} rules.", f"规则最多 {MAX_RULES} 条。")
    refusal = await needs.directory.refusal(named_in(body.definition))
    problem = await segment_problem(body.definition, needs.rules.pool)

    def authorize(_timeline: object) -> None:
        if error := problem or (assignee_refused(refusal) if refusal else None):
            raise error

    definition = definition_of(body.definition)
    return await save(rule, definition, RulePhase.DRAFT, body.reason, caller, needs.rules, authorize)


@router.post("/rules/{rule}/shadow", response_model=Accepted)
async def put_rule_in_shadow(rule: Name, body: commands.RuleShadow, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Put the draft into shadow: its episodes are detected and recorded, and delivered to nobody."""
    draft = await needs.rules.drafts.in_force(caller.context.now, rule)
    refusal = refusal_of(draft) or await segment_refusal(rule_of(draft), needs.rules.pool)
    book = (await needs.rules.in_force.current(needs.rules.pool)).book

    def authorize(_timeline: object) -> None:
        require_latest(draft, body.draft)
        if refusal:
            raise refusal
        require_room(rule_of(draft), (*book.rules, *others(rule, book.shadow)))

    return await save(rule, draft.definition, RulePhase.SHADOW, body.reason, caller, needs.rules, authorize)


@router.post("/rules/{rule}/preview")
async def preview_rule(rule: Name, body: commands.RuleContent, caller: Previewer, needs: Needs) -> RulePreview:
    """Preview what a definition would do now with all customers. Nothing changes."""
    if problem := await segment_problem(body.definition, needs.rules.pool):
        raise problem
    now, definition = caller.context.now, definition_of(body.definition)
    token = needs.rules.cursors.write([now.isoformat()], bound(rule, definition))
    candidate = await with_segments(Rule(**dict(body.definition), id=rule, version=1), needs.rules.pool)
    present = (await needs.rules.in_force.current(needs.rules.pool)).book
    return await preview(needs.rules.pool, present.only(candidate), now, token)


@router.post("/rules/{rule}/publication", response_model=Accepted, responses=PUBLISHED)
async def publish_rule(rule: Name, body: commands.RulePublication, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Publish the draft. All customers are judged again in the background; the shadow of the rule ends."""
    now, draft = caller.context.now, await needs.rules.drafts.in_force(caller.context.now, rule)
    refusal = refusal_of(draft) or await segment_refusal(rule_of(draft), needs.rules.pool)
    book = (await needs.rules.in_force.current(needs.rules.pool)).book

    def authorize(_timeline: object) -> None:
        require_latest(draft, body.draft)
        if refusal:
            raise refusal
        require_preview(rule, draft.definition, body.preview, now, needs.rules)
        require_room(rule_of(draft), others(rule, (*book.rules, *book.shadow)))

    command = commands.PublishRule(
        name=rule, definition=draft.definition, backlog=body.backlog, reason=body.reason, at=now
    )
    return await change(rule, command, caller, needs.rules, authorize)


@router.post("/rules/{rule}/retirement", response_model=Accepted, responses=PUBLISHED)
async def retire_rule(rule: Name, body: commands.RuleRetirement, caller: OpsOrAdmin, needs: Needs) -> Response:
    """Retire the rule, and end the shadow of its draft. The alerts that it has open are cleared in the background."""
    now = caller.context.now
    if not (await needs.rules.versions.find(now, rule) or await needs.rules.drafts.find(now, rule)):
        raise not_found()
    return await change(rule, commands.RetireRule(name=rule, reason=body.reason, at=now), caller, needs.rules)


def refuse_reserved(name: str) -> None:
    """Raise the 422 problem for a name that is the address of something else."""
    if name in RESERVED:
        en, zh = f"The name {name} is reserved. Choose another one.", f"名称 {name} 已保留，请换一个。"
        raise ProblemError(
            "validation-failed", en, zh, errors=[{"pointer": "path:rule", "rule": "reserved", "detail": en}]
        )


def assignee_refused(refusal: RejectedError) -> ProblemError:
    """Return the 422 problem that names the field of the employee."""
    place = {"pointer": "/definition/care/assignee_id", "rule": refusal.code}
    words = {"detail": refusal.en, "detail_zh": refusal.zh}
    return ProblemError("validation-failed", refusal.en, refusal.zh, errors=[place | words])


def named_in(definition: RuleDefinition) -> list[str]:
    """Return the employee that a rule names for its care tasks, if there is one."""
    return [definition.care.assignee_id] if definition.care and definition.care.assignee_id else []


async def save(
    rule: str,
    definition: dict[str, Any],
    phase: RulePhase,
    reason: str,
    caller: Caller,
    needs: RuleDependencies,
    authorize: Authorize = allow_all,
) -> Response:
    command = commands.SaveDraft(name=rule, definition=definition, phase=phase, reason=reason, at=caller.context.now)
    handled = await needs.drafts.handler.handle(
        needs.drafts.stream_of(rule),
        command,
        caller.context,
        expected_version=caller.expected_version,
        authorize=authorize,
    )
    return answer(handled, f"/v1/rules/{rule}/draft")


async def change(
    rule: str,
    command: commands.PublishRule | commands.RetireRule,
    caller: Caller,
    needs: RuleDependencies,
    authorize: Authorize = allow_all,
) -> Response:
    handled = await needs.versions.handler.handle(
        needs.versions.stream_of(rule),
        command,
        caller.context,
        expected_version=caller.expected_version,
        authorize=authorize,
    )
    return answer(handled, f"/v1/rules/{rule}")


def require_latest(draft: RuleDrafted, number: int) -> None:
    """Raise RejectedError unless the draft has this number. It is checked when a command is decided.

    So a retry of a command that was committed gets its first response.
    """
    if draft.number != number:
        raise RejectedError(
            "draft-changed",
            f"The latest draft has the number {draft.number}. Read it, and send that number.",
            f"最新草稿的编号是 {draft.number}，请先查看，再使用该编号。",
            "draft",
        )


def others(name: str, rules: Iterable[Rule]) -> list[Rule]:
    return [each for each in rules if each.id != name]


def refusal_of(draft: RuleDrafted) -> RejectedError | None:
    """Return why a draft that an earlier build accepted can be neither published nor put into shadow."""
    if not (unreadable := rule_of(draft).unreadable):
        return None
    en, zh = unreadable.fault.en, unreadable.fault.zh
    return RejectedError("draft-refused", f"Save a valid draft first: {en}.", f"请先保存有效的草稿：{zh}。")


def require_room(candidate: Rule, kept: Sequence[Rule]) -> None:
    """Raise RejectedError if a rule counts by an expression, and the memory has no room for its ring.

    `kept` are the rules that stay in force and in shadow.
    """
    if counted_by([candidate]).names and len(counted_by((candidate, *kept)).names) > MAX_FEATURES:
        raise RejectedError(
            "too-many-expressions",
            f"At most {MAX_FEATURES} different expressions in `counts` can be in force and in shadow. Retire a rule, or"
            " use the signal and the expression of another one.",
            f"生效和试运行规则的 counts 中，不同的表达式最多 {MAX_FEATURES} 个。"
            "请停用一条规则，或改用已有的信号和表达式。",
        )


def require_preview(rule: str, definition: dict[str, Any], token: str, now: datetime, needs: RuleDependencies) -> None:
    """Raise RejectedError unless the token is that of a preview of this definition which is not too old."""
    try:
        found = needs.cursors.read(token, bound(rule, definition))
    except ProblemError:
        found = None
    if not found or now - datetime.fromisoformat(found[0]) > PREVIEW_VALID:
        hours = int(PREVIEW_VALID.total_seconds() // 3600)
        raise RejectedError(
            "preview-needed",
            f"Preview this draft first, and send `preview` of the result within {hours} hours.",
            f"请先预览此草稿，并在 {hours} 小时内提交预览结果中的 preview。",
            "preview",
        )


def bound(rule: str, definition: dict[str, Any]) -> dict[str, Any]:
    return {"preview": rule, "definition": definition}
