"""The struct of an event reads what its class writes, and refuses what the class refuses for its shape."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, ValidationError

from contracts.event import Event
from contracts.examples import EXAMPLES
from contracts.structs import DECODERS, struct_of
from contracts.topics import EVENT_TYPES
from contracts.types import Code, Day, Instant, Word
from tests.contracts.event_strategies import data_of

TYPES = sorted(EVENT_TYPES)
EXAMPLES_PER_TYPE = 6
TASK_ID = "0198c2a0-7d3e-7b61-9f0a-5d2f3f0c9a11"

# The messages of the checks that stay with the writer of a fact: PostgreSQL stores and casts what they refuse.
WRITERS_REFUSE = (
    "String should match pattern",
    "is not allowed in text",
    "text must not be blank",
    "the year must lie between",
    "an interval must end after its start",
    "every day must be in",
    "a day cannot be a holiday and a workday",
    "a confirmed year needs a source",
    "a half day has a working interval",
    "the intervals of a day must be in order",
    "a half day may occur only once",
)
REMOVED = object()
DAMAGE: tuple[Any, ...] = (
    REMOVED,
    *(None, True, 0, -1, 1.0, 1.5, 1e300, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30),
    *("", " ", "x", "no-such-member", "A-1\n", "a\n", "CNY\n", "x" * 65, "x" * 5_000, "1", "true", "\t", "\u0000"),
    *("2024-06-01", "2024-02-30", "2024-6-1", "20240601", "0001-01-01", "2024-06-01T00:00:00Z"),
    *("2024-06-01T09:00:00", "2024-02-30T09:00:00Z", "2024-06-01T09:00:60Z", "2024-06-01T24:00:00Z"),
    *("2024-06-01T09:00:00+15:59", "2024-06-01T09:00:00+16:00", "2024-06-01T09:00:00+24:00"),
    *("0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-08:00", "1717200000", 1717200000),
    *("2024-06-01 09:00:00Z", "2024-06-01t09:00:00z", "2024-06-01T09:00:00.1234567Z", "2024-06-01T09:00:00+0800"),
    *(TASK_ID, TASK_ID.upper(), TASK_ID[:-1], TASK_ID.replace("-", ""), f"{{{TASK_ID}}}", f"urn:uuid:{TASK_ID}"),
    *([], {}, [None], ["x"], {"x": 1}, [[]]),
)
Path = tuple[str | int, ...]


class Colour(StrEnum):
    RED = "red"


class Part(BaseModel):
    count: int


class ClosedPart(BaseModel, extra="forbid"):
    at: Instant | None = None


class Sample(Event):
    """An event with one field of each kind."""

    type: Literal["care.sample.v1"] = "care.sample.v1"
    id: UUID
    at: Instant
    day: Day
    count: int
    score: int = Field(ge=1, lt=11)
    share: float
    done: bool
    colour: Colour
    code: Code
    words: Annotated[tuple[Word, ...], Field(max_length=2)]
    labels: dict[str, str]
    part: Part
    closed: ClosedPart
    answer: bool | int | float | str | None = None
    number: int | None = Field(default=None, ge=1)


SAMPLE: dict[str, Any] = {
    "id": TASK_ID,
    "at": "2024-06-01T09:00:00Z",
    "day": "2024-06-01",
    "count": 1,
    "score": 10,
    "share": 0.5,
    "done": True,
    "colour": "red",
    "code": "call-back",
    "words": ["one"],
    "labels": {"tier": "vip"},
    "part": {"count": 1},
    "closed": {},
}
READER = msgspec.json.Decoder(struct_of(Sample))


def read_sample(**changes: Any) -> Any:
    return READER.decode(json.dumps(SAMPLE | changes))


def values_of(read: Any) -> Any:
    return json.loads(msgspec.json.encode(read))


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value inside `value`."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from paths(each, (*path, key))


def damaged(value: Any, path: Path, harm: Any) -> Any:
    """Return a copy in which the value at `path` is replaced; left out if `harm` is REMOVED."""
    copy = json.loads(json.dumps(value))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if harm is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = harm
    return copy


def refused(event: type[Event], text: str) -> list[str]:
    """Return why the class refuses the text, without the reasons that only writers check."""
    try:
        event.model_validate_json(text)
    except ValidationError as error:
        faults = error.errors()
        # pydantic counts only the valid items of a list: an invalid item can make the list too short as well.
        lists = {each["loc"][:end] for each in faults for end in range(len(each["loc"]))}
        reasons = [
            f"{each['loc']}: {each['msg']}"
            for each in faults
            if each["type"] != "too_short" or each["loc"] not in lists
        ]
        return [reason for reason in reasons if not any(known in reason for known in WRITERS_REFUSE)]
    return []


def accepted(event_type: str, text: str) -> bool:
    try:
        DECODERS[event_type].decode(text)
    except msgspec.ValidationError:
        return False
    return True


def test_every_type_has_a_decoder() -> None:
    assert DECODERS.keys() == EVENT_TYPES.keys()


@pytest.mark.parametrize("event_type", TYPES)
def test_an_example_is_read_with_its_values(event_type: str) -> None:
    event = EXAMPLES[EVENT_TYPES[event_type]]

    read = DECODERS[event_type].decode(event.model_dump_json(exclude_none=True))

    assert values_of(read) == event.model_dump(mode="json")


@pytest.mark.parametrize("event_type", TYPES)
@settings(max_examples=EXAMPLES_PER_TYPE)
@given(data=st.data())
def test_whatever_the_class_writes_is_read_with_its_values(event_type: str, data: st.DataObject) -> None:
    drawn = data.draw(data_of(EVENT_TYPES[event_type]))
    event = EVENT_TYPES[event_type].model_validate_json(json.dumps(drawn))

    read = DECODERS[event_type].decode(event.model_dump_json(exclude_none=True))

    assert values_of(read) == event.model_dump(mode="json")


@pytest.mark.parametrize("event_type", TYPES)
@settings(max_examples=EXAMPLES_PER_TYPE)
@given(data=st.data())
def test_the_class_accepts_whatever_the_struct_accepts(event_type: str, data: st.DataObject) -> None:
    drawn = data.draw(data_of(EVENT_TYPES[event_type]).filter(bool))
    harmed = damaged(drawn, data.draw(st.sampled_from(list(paths(drawn)))), data.draw(st.sampled_from(DAMAGE)))
    text = json.dumps(harmed)

    if accepted(event_type, text):
        assert refused(EVENT_TYPES[event_type], text) == []


@pytest.mark.parametrize("event_type", TYPES)
def test_every_damage_of_an_example_that_the_class_refuses_is_refused(event_type: str) -> None:
    event = EVENT_TYPES[event_type]
    whole = json.loads(EXAMPLES[event].model_dump_json(exclude_none=True))

    wrongly_accepted = [
        (path, harm)
        for path in paths(whole)
        for harm in DAMAGE
        if accepted(event_type, text := json.dumps(damaged(whole, path, harm))) and refused(event, text)
    ]

    assert wrongly_accepted == []


@pytest.mark.parametrize("event_type", TYPES)
def test_a_missing_required_field_is_refused(event_type: str) -> None:
    event = EVENT_TYPES[event_type]
    whole = EXAMPLES[event].model_dump(mode="json", exclude_none=True)

    for name, field in event.model_fields.items():
        left = {key: value for key, value in whole.items() if key != name}
        assert accepted(event_type, json.dumps(left)) == (not field.is_required()), name


@pytest.mark.parametrize("event_type", TYPES)
def test_data_may_lack_its_type_but_not_have_another(event_type: str) -> None:
    whole = EXAMPLES[EVENT_TYPES[event_type]].model_dump(mode="json", exclude_none=True)
    del whole["type"]

    assert DECODERS[event_type].decode(json.dumps(whole)).type == event_type
    assert not accepted(event_type, json.dumps(whole | {"type": "care.other.v1"}))


@pytest.mark.parametrize("event_type", TYPES)
def test_unknown_fields_are_ignored(event_type: str) -> None:
    whole = EXAMPLES[EVENT_TYPES[event_type]].model_dump(mode="json", exclude_none=True)

    assert accepted(event_type, json.dumps(whole | {"not_yet_known": [1]}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", TASK_ID[:-1]),
        ("id", 1),
        ("at", "2024-06-01T09:00:00"),
        ("at", "2024-06-01"),
        ("at", "2024-02-30T09:00:00Z"),
        ("at", 1717200000),
        ("at", "2024-06-01T09:00:00+16:00"),
        ("at", "2024-06-01T09:00:00-16:00"),
        ("at", "0001-01-01T00:00:00+08:00"),
        ("at", "9999-12-31T23:59:59-08:00"),
        ("day", "2024-02-30"),
        ("day", "2024-06-01T00:00:00Z"),
        ("day", 1),
        ("count", 2**63),
        ("count", -(2**63) - 1),
        ("count", 2**64),
        ("count", 1.0),
        ("count", "1"),
        ("count", True),
        ("score", 0),
        ("score", 11),
        ("share", "0.5"),
        ("done", 1),
        ("done", "true"),
        ("colour", "blue"),
        ("colour", 1),
        ("code", ""),
        ("code", "x" * 65),
        ("code", None),
        ("words", [""]),
        ("words", ["one", "two", "three"]),
        ("words", "one"),
        ("words", [1]),
        ("labels", {"tier": 1}),
        ("labels", []),
        ("part", {}),
        ("part", {"count": 2**63}),
        ("closed", {"other": 1}),
        ("closed", {"at": "2024-06-01T09:00:00+16:00"}),
        ("answer", []),
        ("number", 0),
        ("number", 2**63),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_sample(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2024-06-01T09:00:00+15:59"),
        ("at", "0001-01-01T00:00:00Z"),
        ("day", "0001-01-01"),
        ("count", 2**63 - 1),
        ("count", -(2**63)),
        ("score", 1),
        ("share", 1),
        ("words", []),
        ("words", [" "]),
        ("code", "Call Back"),
        ("part", {"count": 1, "other": 1}),
        ("closed", {"at": None}),
        ("answer", 10**30),
        ("answer", 1.5),
        ("answer", False),
        ("answer", "yes"),
        ("number", None),
        ("number", 1),
    ],
)
def test_a_value_at_its_limit_is_read(field: str, value: Any) -> None:
    read_sample(**{field: value})


@pytest.mark.parametrize(
    "annotation",
    [
        Decimal,
        datetime,
        bytes,
        list[str],
        tuple[str, str],
        dict[int, str],
        Literal[1],
        tuple[Instant, ...],
        dict[str, Instant | None],
        Annotated[str, AfterValidator(str.strip)],
        Annotated[int, Field(multiple_of=2)],
        Annotated[Code, Field(max_length=3)],
        Annotated[str, Field(alias="other")],
        Annotated[AwareDatetime, AfterValidator(lambda at: at)],
        Annotated[date, AfterValidator(lambda day: day)],
    ],
)
def test_a_field_of_an_unknown_kind_is_named_when_the_struct_is_made(annotation: Any) -> None:
    model = type("Odd", (Event,), {"__annotations__": {"field": annotation}})

    with pytest.raises(TypeError, match=r"^Odd\.field: "):
        struct_of(model)
