"""Refuses rules whose condition names a segment that does not exist, or that cannot be evaluated."""

from typing import Final

from chassis.commands.decider import RejectedError
from chassis.commands.problem import ProblemError
from chassis.postgres.database import Pool
from services.alerts.detection.stored_segments import read_segments
from services.alerts.engine.rule import Rule, RuleDefinition
from services.alerts.engine.selection import named_segments
from services.alerts.engine.words import Words

UNKNOWN: Final = "segment-unknown"


async def with_segments(rule: Rule, pool: Pool) -> Rule:
    """Return the rule with the segments that it names, as they are in force."""
    return rule.with_segments((await read_segments(pool, rule.segments)).segments)


async def segment_fault(definition: RuleDefinition, pool: Pool) -> Words | None:
    """Return what is wrong with the first wrong name of a segment in the condition, with its place."""
    named = named_segments(definition.applies or "")
    known = (await read_segments(pool, {each.name for each in named})).segments
    return next((each.at_place(fault) for each in named if (fault := known[each.name].fault)), None)


async def segment_problem(definition: RuleDefinition, pool: Pool) -> ProblemError | None:
    """Return the 422 problem for a definition in a body, if it names a wrong segment."""
    fault = await segment_fault(definition, pool)
    if fault is None:
        return None
    place = {"pointer": "/definition/applies", "rule": UNKNOWN, "detail": fault.en, "detail_zh": fault.zh}
    return ProblemError("validation-failed", "Invalid fields: 1.", "1 个字段无效。", errors=[place])


async def segment_refusal(definition: RuleDefinition, pool: Pool) -> RejectedError | None:
    """Return why a draft cannot be evaluated any more, if it names a wrong segment."""
    fault = await segment_fault(definition, pool)
    if fault is None:
        return None
    return RejectedError(
        UNKNOWN,
        f"The condition (applies) names a wrong segment: {fault.en}.",
        f"条件（applies）中的分群有误：{fault.zh}。",
    )
