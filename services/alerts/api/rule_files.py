"""HTTP to export the rules in force as YAML, and to import rules as drafts."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chassis.commands.command import RequestModel
from chassis.commands.decider import RejectedError
from chassis.commands.problem import ProblemError
from chassis.http.access import Caller, Previewer
from chassis.http.body import StrictRoute
from chassis.http.field_errors import invalid_field, without_consequences, without_tags
from chassis.http.problems import pointer
from chassis.rules.yaml_text import YamlError, read_yaml, write_yaml
from contracts.alerts import Reason, RulePhase
from contracts.types import Code
from services.alerts import commands
from services.alerts.api.access import Reader
from services.alerts.api.rule_life import MAX_RULES, RESERVED, named_in
from services.alerts.api.rule_segments import UNKNOWN, segment_fault
from services.alerts.commands.definition import Definition
from services.alerts.dependencies import Dependencies, Needs
from services.alerts.engine.rule import RuleDefinition, definition_of

router = APIRouter(prefix="/v1", tags=["alert rules"], route_class=StrictRoute)

MAX_CHARACTERS: Final = 200_000
# JSON may escape a character with six bytes.
MAX_BYTES: Final = 6 * MAX_CHARACTERS + 4_096
MAX_FAULTS: Final = 10
YAML: Final = "application/yaml"
EXPORTED: Final = {"type": "object", "properties": {"rules": {"type": "object"}}, "required": ["rules"]}
NAME: TypeAdapter[str] = TypeAdapter(Code)
DEFINITION: TypeAdapter[RuleDefinition] = TypeAdapter(Definition)


class RuleImport(RequestModel):
    """Rules as YAML, as the export returns them: `rules`, with a definition for each name.

    `reason` is that of all drafts, and must not hold personal data.
    """

    yaml: Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
    reason: Reason


class RuleFault(BaseModel):
    """What is wrong with a definition, and where."""

    pointer: str
    rule: str
    detail: str
    detail_zh: str


class ImportedRule(BaseModel):
    """What became of one rule: `drafted`, `unchanged` (the draft or the version in force is the same) or `failed`."""

    name: str
    outcome: str
    errors: list[RuleFault]


class ImportedRules(BaseModel):
    items: list[ImportedRule]


@router.get("/rules/export", response_class=Response, responses={200: {"content": {YAML: {"schema": EXPORTED}}}})
async def export_rules(_caller: Reader, needs: Needs) -> Response:
    """Export the rules in force as YAML."""
    book = (await needs.rules.in_force.current(needs.rules.pool)).book
    rules = {rule.id: rule.definition for rule in sorted(book.rules, key=lambda rule: rule.id)}
    return Response(write_yaml({"rules": rules}), media_type=YAML)


@router.post("/rules/import", status_code=HTTPStatus.MULTI_STATUS, max_body_size=MAX_BYTES)
async def import_rules(body: RuleImport, caller: Previewer, needs: Needs) -> ImportedRules:
    """Save each valid rule as a draft, also if others fail. Nothing comes into force."""
    found = rules_of(await asyncio.to_thread(parsed, body.yaml))
    return ImportedRules(
        items=[await imported(str(name), given, body.reason, caller, needs) for name, given in found.items()]
    )


def parsed(text: str) -> Any:
    try:
        return read_yaml(text)
    except YamlError as error:
        raise refused(error.en, error.zh) from None


def rules_of(data: Any) -> dict[Any, Any]:
    """Return the definitions by name. Raises the 422 problem if the document has another form, or too many rules."""
    rules = data.get("rules") if isinstance(data, dict) and data.keys() == {"rules"} else None
    if not isinstance(rules, dict):
        raise refused(
            "The document must have the field rules, with a definition for each name.",
            "应为 rules 字段，按名称列出定义。",
        )
    if len(rules) > MAX_RULES:
        raise refused(f"At most {MAX_RULES} rules.", f"最多 {MAX_RULES} 条规则。")
    return rules


async def imported(name: str, given: Any, reason: str, caller: Caller, needs: Dependencies) -> ImportedRule:
    try:
        NAME.validate_python(name)
        rule = DEFINITION.validate_python(given)
    except ValidationError as error:
        faults = without_consequences(error.errors())[:MAX_FAULTS]
        return ImportedRule(name=name, outcome="failed", errors=list(map(faults_in(given), faults)))
    if name in RESERVED:
        return failed(name, "reserved", "This name is reserved.", "此名称已保留。")
    if refusal := await needs.directory.refusal(named_in(rule)):
        return failed(name, refusal.code, refusal.en, refusal.zh, "/care/assignee_id")
    if fault := await segment_fault(rule, needs.rules.pool):
        return failed(name, UNKNOWN, fault.en, fault.zh, "/applies")
    definition = definition_of(rule)
    if await needs.rules.queries.others(name) >= MAX_RULES:
        return failed(name, "too-many-rules", f"There can be at most {MAX_RULES} rules.", f"规则最多 {MAX_RULES} 条。")
    now = caller.context.now
    version = await needs.rules.versions.find(now, name)
    if version is not None and getattr(version, "definition", None) == definition:
        return ImportedRule(name=name, outcome="unchanged", errors=[])
    command = commands.SaveDraft(name=name, definition=definition, phase=RulePhase.DRAFT, reason=reason, at=now)
    context = caller.context._replace(key=f"{caller.context.key}|{name}")
    try:
        handled = await needs.rules.drafts.handler.handle(needs.rules.drafts.stream_of(name), command, context)
    except RejectedError as error:
        return failed(name, error.code, error.en, error.zh)
    return ImportedRule(name=name, outcome="drafted" if handled.events else "unchanged", errors=[])


def faults_in(given: Any) -> Any:
    def fault_of(error: Any) -> RuleFault:
        found = invalid_field(error)
        place = pointer(("body", *without_tags(found.location, given)))
        return RuleFault(pointer=place, rule=found.rule, detail=found.en, detail_zh=found.zh)

    return fault_of


def failed(name: str, rule: str, en: str, zh: str, place: str = "/") -> ImportedRule:
    return ImportedRule(
        name=name, outcome="failed", errors=[RuleFault(pointer=place, rule=rule, detail=en, detail_zh=zh)]
    )


def refused(en: str, zh: str) -> ProblemError:
    return ProblemError("validation-failed", en, zh, errors=[{"pointer": "/yaml", "rule": "yaml", "detail": en}])
