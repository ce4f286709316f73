"""To which customers a rule applies: its condition over attributes, and the segments that the condition names. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from pydantic import ValidationInfo

from chassis.rules.expression_tree import Node
from chassis.rules.expressions import at_place, line_and_column
from contracts.field_error import FieldError
from contracts.types import refuse_unprintable
from services.alerts.engine.attributes import CONDITIONS, SEGMENTS, Attributes, Outcome, checked, outcome
from services.alerts.engine.facts import Facts
from services.alerts.engine.segments import Segment, UnknownMembershipError, memberships, unknown
from services.alerts.engine.words import Words

KEPT: Final = 2_000


class NamedSegment(NamedTuple):
    """The name of a segment in a condition. Line and column start at 1."""

    name: str
    line: int
    column: int

    def at_place(self, words: Words) -> Words:
        return Words(*at_place(self.line, self.column, words.en, words.zh))


@lru_cache(KEPT)
def named_segments(condition: str) -> tuple[NamedSegment, ...]:
    """Return the segments that a condition names. Raises FieldError for any other use of `segments`.

    Without this limit nobody could say which segments a rule needs, or whether one of them does not exist.
    """
    if SEGMENTS not in condition:
        return ()
    nodes = list(CONDITIONS.tree(condition).within())
    tests = [node for node in nodes if is_test(node)]
    named = {node.parts[1].place for node in tests}
    for node in nodes:
        if node.name == SEGMENTS and node.place not in named:
            checked(condition, CONDITIONS.check_new)
            en = "segments can only be used as 'name' in segments, with the name of a segment as a text"
            zh = "segments 只能写成 '名称' in segments，名称须为文本常量"
            raise FieldError(*at_place(*line_and_column(condition, node.place), en, zh))
    places = ((node.parts[0].text or "", node.parts[0].place) for node in tests)
    return tuple(NamedSegment(refuse_unprintable(name), *line_and_column(condition, place)) for name, place in places)


def is_test(node: Node) -> bool:
    """Return whether a part of a condition is `'name' in segments`."""
    match node.function, node.parts:
        case "@in", (name, values):
            return name.text is not None and values.name == SEGMENTS
        case _:
            return False


def checked_segments(condition: str) -> str:
    """Return the condition. Raises FieldError if it uses `segments` in another way than by names."""
    named_segments(condition)
    return condition


def of_condition(segments: Mapping[str, Segment], info: ValidationInfo) -> dict[str, Segment]:
    """Return the segments that the condition of a rule names: of those given, or without a filter."""
    names = sorted({each.name for each in named_segments(info.data.get("applies") or "")})
    return {name: segments.get(name, unknown(name)) for name in names}


def outcome_within(condition: str, attributes: Attributes, segments: Mapping[str, Segment], facts: Facts) -> Outcome:
    """Evaluate a condition that names segments."""
    try:
        names = memberships(segments, facts)
    except UnknownMembershipError as error:
        return Outcome(applies=False, failure=error.reason)
    return outcome(condition, attributes._replace(segments=names))
