"""An event may only change in ways that suit its old readers and its old records."""

import json
import os
import subprocess
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from contracts.documents import SCHEMAS, erasure_answer_schema, inbound_schema, schema, watermark_schema
from contracts.erasure_answers import ErasureConfirmed
from contracts.inbound import INBOUND
from contracts.topics import EVENT_TYPES
from contracts.watermark import Watermark
from tests.contracts.compatibility import EXTENSIBLE, Schema, breaks

ROOT = Path(__file__).parents[2]
# A pipeline names the branch that a change is for; at the desk, the last commit is what is published.
BASE = os.environ.get("CARE_CONTRACTS_BASE", "HEAD")


class Fact(BaseModel):
    owner: str
    due: int | None = None


class WithOptional(Fact):
    note: str | None = None


class WithRequired(Fact):
    note: str


class Renamed(BaseModel):
    assignee: str = "nobody"
    due: int | None = None


class Retyped(BaseModel):
    owner: int
    due: int | None = None


class OwnerOptional(BaseModel):
    owner: str = "nobody"
    due: int | None = None


class OwnerLimited(BaseModel):
    owner: Annotated[str, Field(max_length=8)]
    due: int | None = None


class DueRequired(BaseModel):
    owner: str
    due: int | None


class DueNeverNull(BaseModel):
    owner: str
    due: int = 0


class DueByDefault(BaseModel):
    owner: str
    due: int | None = 7


class OptionalDropped(BaseModel):
    owner: str


class Reworded(BaseModel):
    """Somebody owes something."""

    owner: Annotated[str, Field(description="Who answers for it.")]
    due: int | None = None


SAFE = [(Fact, Fact), (Fact, WithOptional), (Fact, Reworded)]
BREAKING = [
    (Fact, WithRequired, "note: added as required"),
    (Fact, Renamed, "owner: removed"),
    (Fact, Retyped, "owner: type or limits changed"),
    (Fact, OptionalDropped, "due: removed"),
    (Fact, OwnerOptional, "owner: became optional"),
    (Fact, OwnerLimited, "owner: type or limits changed"),
    (OwnerLimited, Fact, "owner: type or limits changed"),
    (Fact, DueRequired, "due: became required"),
    (Fact, DueNeverNull, "due: type or limits changed"),
    (Fact, DueByDefault, "due: default changed"),
]


@pytest.mark.parametrize(("old", "new"), SAFE)
def test_adding_a_field_with_a_default_or_changing_words_is_safe(old: type[BaseModel], new: type[BaseModel]) -> None:
    assert breaks(old.model_json_schema(), new.model_json_schema()) == []


@pytest.mark.parametrize(("old", "new", "reason"), BREAKING)
def test_any_other_change_is_named(old: type[BaseModel], new: type[BaseModel], reason: str) -> None:
    assert reason in breaks(old.model_json_schema(), new.model_json_schema())


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"enum": ["phone"]}, {"enum": ["phone", "visit"]}, ["kind: value visit added"]),
        ({"enum": ["phone", "visit"]}, {"enum": ["phone"]}, ["kind: value visit removed"]),
        ({"enum": ["phone"], EXTENSIBLE: True}, {"enum": ["phone", "visit"], EXTENSIBLE: True}, []),
    ],
)
def test_an_enum_grows_only_where_readers_were_told_so(old: Schema, new: Schema, found: list[str]) -> None:
    before = {"$defs": {"Kind": old}, "properties": {"kind": {"$ref": "#/$defs/Kind"}}}
    after = {"$defs": {"Channel": new}, "properties": {"kind": {"$ref": "#/$defs/Channel"}}}

    assert breaks(before, after) == found


def test_changes_are_found_in_the_parts_of_a_list() -> None:
    old = {"properties": {"lines": {"items": {"properties": {"title": {"type": "string"}}}}}}
    new = {"properties": {"lines": {"items": {"properties": {"name": {"type": "string"}}}}}}

    assert breaks(old, new) == ["lines[].title: removed"]


NOW = (
    {event_type: schema(event) for event_type, event in EVENT_TYPES.items()}
    | {name: inbound_schema(message) for name, message in INBOUND.items()}
    | {ErasureConfirmed.TYPE: erasure_answer_schema(), Watermark.TYPE: watermark_schema()}
)


@pytest.mark.parametrize("name", sorted(NOW))
def test_the_schema_suits_those_who_know_what_is_published(name: str) -> None:
    published = _git("show", f"{BASE}:{SCHEMAS}/{name}.json")
    if published is None:
        pytest.skip(f"git knows no published schema of {name} at {BASE}")

    assert breaks(json.loads(published), NOW[name]) == []


def test_no_published_event_type_is_gone() -> None:
    published = _git("ls-tree", "--name-only", BASE, f"{SCHEMAS}/")
    if not published:
        pytest.skip(f"git knows no published schemas at {BASE}")

    assert {Path(path).stem for path in published.splitlines()} <= NOW.keys()


def _git(*arguments: str) -> str | None:
    """Return what git says, or None where there is no git, no history, or no such file in it."""
    try:
        finished = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return finished.stdout if finished.returncode == 0 else None
