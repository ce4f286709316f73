"""Strategies of Hypothesis for the data of events, made from the annotations of their classes, as JSON values."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from itertools import chain
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from contracts.followup.calendar import CalendarYear, WorkInterval, YearStatus
from contracts.types import FORBIDDEN, clean_text

Values = st.SearchStrategy[Any]
BIGINTS = -(2**63), 2**63 - 1
MAX_ELEMENTS = 3
MAX_TEXT = 20
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=MAX_TEXT).filter(
    lambda text: not FORBIDDEN.search(text)
)
TIMES = st.datetimes(
    datetime(1901, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    datetime(2199, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=9, minutes=30))]),
).map(datetime.isoformat)
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SIMPLE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
SCALARS: dict[Any, Values] = {
    Any: SIMPLE | st.lists(SIMPLE, max_size=2) | st.dictionaries(TEXTS, SIMPLE, max_size=2),
    NoneType: st.none(),
    bool: st.booleans(),
    float: FLOATS,
    UUID: st.uuids().map(str),
    AwareDatetime: TIMES,
    date: DAYS,
}


def data_of(model: type[BaseModel]) -> Values:
    """Draw the data of a model, with and without its optional fields."""
    if model in CHECKED_AS_A_WHOLE:
        return CHECKED_AS_A_WHOLE[model]
    drawn = {name: values(field.annotation, field.metadata) for name, field in model.model_fields.items()}
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {name: drawn[name] for name in required}, optional={name: drawn[name] for name in drawn.keys() - required}
    )


def values(annotation: Any, metadata: Any = ()) -> Values:
    """Draw values of an annotation that fulfil its constraints."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    if origin is Annotated:
        inner = [each.metadata if isinstance(each, FieldInfo) else [each] for each in arguments[1:]]
        return values(arguments[0], [*chain(*inner), *metadata])
    if origin in {Union, UnionType}:
        return st.one_of([values(each, metadata) for each in arguments])
    if origin is Literal:
        return st.sampled_from([str(each) for each in arguments])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from([each.value for each in annotation])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return data_of(annotation)
    if origin is dict:
        return st.dictionaries(TEXTS, values(arguments[1]), max_size=MAX_ELEMENTS)
    limits = limits_of(metadata)
    if origin is tuple:
        least = limits.get("min_length", 0)
        return st.lists(values(arguments[0]), min_size=least, max_size=max(least, MAX_ELEMENTS))
    return integers(limits) if annotation is int else texts(limits)


def limits_of(metadata: Any) -> dict[str, Any]:
    names = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
    return {name: getattr(each, name) for each in metadata for name in names if hasattr(each, name)}


def integers(limits: dict[str, Any]) -> Values:
    least = limits.get("ge", limits.get("gt", BIGINTS[0] - 1) + 1)
    return st.integers(least, limits.get("le", limits.get("lt", BIGINTS[1] + 1) - 1))


def texts(limits: dict[str, Any]) -> Values:
    least, most = limits.get("min_length", 0), limits.get("max_length", MAX_TEXT)
    if pattern := limits.get("pattern"):
        matching = st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True)
        return matching.filter(lambda text: least <= len(text) <= most)
    return TEXTS.filter(lambda text: least <= len(clean_text(text)) and len(text) <= most)


def interval(minutes: list[int]) -> dict[str, int]:
    return {"start": min(minutes), "end": max(minutes)}


def year(drawn: tuple[int, str, list[int]]) -> dict[str, Any]:
    number, source, days = drawn
    special = [(date(number, 1, 1) + timedelta(days=each)).isoformat() for each in days]
    return {
        "year": number,
        "status": YearStatus.CONFIRMED.value,
        "source": source,
        "holidays": special[::2],
        "workdays": special[1::2],
    }


CHECKED_AS_A_WHOLE: dict[type[BaseModel], Values] = {
    WorkInterval: st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True).map(interval),
    CalendarYear: st.tuples(
        st.integers(1900, 2200),
        texts({"min_length": 1, "max_length": MAX_TEXT}),
        st.lists(st.integers(0, 364), max_size=MAX_ELEMENTS, unique=True),
    ).map(year),
}
