"""A rule about exactly one field of the request names it: every rejection of a business rule is in a table here.

A ForbiddenError is about the caller, and a MovedError about the address: they name no field.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("chassis", "services")
OPENAPI = ROOT / "contracts/generated/openapi"
ERRORS = {"RejectedError": 3, "GoneError": 3, "TooManyItemsError": 3}
WITHOUT_PLACE_EVER = {"ForbiddenError", "MovedError"}
# Functions that return a rejection and take the place of the field, after this number of other arguments.
PASSING_ON = {"employees_left": 1, "employees_unknown": 1, "with_itself": 0}
# The rules that are not about exactly one field, and why.
ADDRESS, STATE, LIMIT, FIELDS, CALLER, STORED, OTHERS = (
    "the address names what is unknown",
    "the present state of what the address names does not allow the command",
    "a number of things is limited, whatever the fields are",
    "several fields together break the rule",
    "the rule is about who calls",
    "the rule is about what an earlier request has stored",
    "no request of a client is rejected by this rule",
)
WITHOUT_FIELD = {
    "alert-ended": STATE,
    "alert-unknown": ADDRESS,
    "absence-cancelled": STATE,
    "absence-days": FIELDS,
    "absence-overlaps": FIELDS,
    "absence-unknown": ADDRESS,
    "answer-of-another": OTHERS,
    "calendar-unknown": ADDRESS,
    "complaint-closed": STATE,
    "complaint-open": STATE,
    "complaint-paused": STATE,
    "complaint-settled": STATE,
    "complaint-unanswered": STATE,
    "complaint-unclocked": STATE,
    "complaint-unconfirmed": STATE,
    "complaint-unknown": ADDRESS,
    "contract-differs": FIELDS,
    "contract-ended": STATE,
    "contract-unknown": ADDRESS,
    "customer-erased": ADDRESS,
    "customer-unknown": ADDRESS,
    "draft-refused": STORED,
    "employee-missing": OTHERS,
    "handover-open": STATE,
    "has-duplicates": STATE,
    "key-contact-unknown": ADDRESS,
    "led-elsewhere": CALLER,
    "no-handover": STATE,
    "no-tier-proposed": STATE,
    "order-closed": STATE,
    "order-differs": FIELDS,
    "order-unknown": ADDRESS,
    "owner-changed": STATE,
    "plan-unknown": ADDRESS,
    "quote-not-issued": STATE,
    "quote-unknown": ADDRESS,
    "reference-leads-elsewhere": OTHERS,
    "rule-retired": ADDRESS,
    "segment-unknown": STORED,
    "survey-answered": STATE,
    "survey-expired": STATE,
    "survey-unknown": ADDRESS,
    "task-closed": STATE,
    "task-unknown": ADDRESS,
    "too-many-closures": LIMIT,
    "too-many-duplicates": LIMIT,
    "too-many-expressions": LIMIT,
    "too-many-helpers": LIMIT,
    "too-many-items": LIMIT,
    "too-many-key-contacts": LIMIT,
    "too-many-merges": LIMIT,
    "too-many-needs": LIMIT,
    "too-many-references": LIMIT,
    "too-many-rules": LIMIT,
    "too-many-segments": LIMIT,
    "too-many-tags": LIMIT,
    "too-many-versions-wait": LIMIT,
}
# Calls of PASSING_ON without a field: an acceptance names no employee, and a file has columns.
WITHOUT_PLACE = {"services/customer/api/handovers.py", "services/followup/imports/followups.py"}


@dataclass(frozen=True)
class Rejection:
    """A call that makes a rejection: its code, as it is written if it is computed, and the place of the field."""

    path: str
    line: int
    name: str
    code: str
    place: tuple[ast.expr, ...]


def rejections() -> Iterator[Rejection]:
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        constants = dict(constants_of(tree))
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args) if name in ERRORS | PASSING_ON:
                    first = constants.get(ast.unparse(args[0]), ast.unparse(args[0])) if args else ""
                    place = tuple(args[(ERRORS | PASSING_ON)[name] :])
                    yield Rejection(str(path.relative_to(ROOT)), node.lineno, name, first.strip("'"), place)
                case _:
                    pass


def constants_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the texts that a module has as constants."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str() as text))
            ):
                yield name, text
            case _:
                pass


def kinds_of_rejections() -> set[str]:
    """Return the names of RejectedError and of the classes derived from it."""
    sources = [path.read_text() for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    classes = [node for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    bases = {each.name: {ast.unparse(base) for base in each.bases} for each in classes}
    found = {"RejectedError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


ALL = list(rejections())
MADE = [each for each in ALL if each.name in ERRORS]
PASSED_ON = [each for each in ALL if each.name in PASSING_ON]


@pytest.mark.parametrize("rejection", MADE, ids=lambda each: f"{each.code} in {each.path}:{each.line}")
def test_a_rejection_names_its_field_unless_the_table_says_why_not(rejection: Rejection) -> None:
    assert bool(rejection.place) is (rejection.code not in WITHOUT_FIELD), rejection


def test_every_kind_of_rejection_is_looked_at() -> None:
    assert kinds_of_rejections() == ERRORS.keys() | WITHOUT_PLACE_EVER


def test_the_table_has_no_rule_that_does_not_exist() -> None:
    assert not WITHOUT_FIELD.keys() - {each.code for each in MADE}
    assert len(MADE) > len(WITHOUT_FIELD)


def test_a_rejection_by_an_employee_names_the_field_unless_the_request_has_none() -> None:
    assert {each.path for each in PASSED_ON if not each.place} == WITHOUT_PLACE


def test_every_named_field_is_a_field_of_a_request() -> None:
    schemas = [json.loads(path.read_text())["components"]["schemas"] for path in OPENAPI.glob("*.json")]
    known = {name for each in schemas for schema in each.values() for name in schema.get("properties", ())}
    named = {
        part.value for each in ALL for expression in each.place for part in ast.walk(expression)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }  # fmt: skip
    assert {"owner_id", "occurred_at", "person_name"} <= named <= known
