"""Structs that read the data of an event: made from its class, they check the same JSON in a fraction of the time.

They check all that a reader relies on: every field has its JSON type and its limits, and PostgreSQL can cast every
time, day, id, number and boolean of the JSON. Some checks stay with the writer of a fact (`WRITER_CHECKS`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Meta
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Strict
from pydantic.fields import FieldInfo

from contracts.field_error import FieldError
from contracts.topics import EVENT_TYPES
from contracts.types import (
    clean,
    refuse_far_days,
    refuse_far_years,
    refuse_unprintable,
    require_day_text,
    require_time_text,
    to_utc,
)

# The limits of a bigint and of the offset of a timestamptz: PostgreSQL cannot cast what lies outside.
BIGINT = {"ge": -(2**63), "le": 2**63 - 1}
OFFSET_LIMIT = timedelta(hours=16)
# What the struct does not repeat: PostgreSQL casts the values that these checks refuse, and JSON has no other forms.
WRITER_CHECKS: frozenset[Any] = frozenset(
    {
        clean,
        refuse_unprintable,
        require_time_text,
        require_day_text,
        to_utc,
        refuse_far_days,
        refuse_far_years,
    }
)
TIME = Annotated[datetime, Meta(tz=True)]
SCALARS: Mapping[Any, Any] = MappingProxyType(
    {Any: Any, bool: bool, int: int, float: float, str: str, UUID: UUID, date: date, AwareDatetime: TIME}
)


@cache
def struct_of(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Return the struct that reads the JSON of `model`. Raises TypeError for a field that no struct can check."""
    types = {name: field_type(model, name, field) for name, field in model.model_fields.items()}
    times = tuple(name for name, made in types.items() if is_time(made))
    return msgspec.defstruct(
        model.__name__,
        [(name, types[name], *default_of(field)) for name, field in model.model_fields.items()],
        namespace={"__post_init__": refusal_of_far_offsets(times)} if times else None,
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=model.model_config.get("extra") == "forbid",
        gc=False,
    )


def field_type(model: type[BaseModel], name: str, field: FieldInfo) -> Any:
    if field.validation_alias or field.discriminator:
        raise TypeError(f"{model.__name__}.{name}: a struct knows neither aliases nor discriminators")
    try:
        return struct_type(field.annotation, field.metadata)
    except TypeError as error:
        raise TypeError(f"{model.__name__}.{name}: {error}") from error


def default_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return the default of a field as an element of its definition; nothing if the field is required."""
    if field.is_required():
        return ()
    factory: Any = field.default_factory
    return (msgspec.field(default_factory=factory) if factory else field.default,)


def struct_type(annotation: Any, constraints: Iterable[Any] = ()) -> Any:
    """Return the type for msgspec of an annotation for pydantic. Raises TypeError if there is none."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return struct_type(arguments[0], (*flat(arguments[1:]), *constraints))
    if origin in {Union, UnionType}:
        return Union[tuple(arm_type(arm, constraints, arguments) for arm in arguments)]  # noqa: UP007
    limits = BIGINT if annotation is int else {}
    return limited(plain_type(annotation), limits | limits_of(constraints))


def arm_type(arm: Any, constraints: Iterable[Any], arms: tuple[Any, ...]) -> Any:
    """Return the type of a member of a union, which has the constraints of the union unless it is None."""
    if arm is NoneType:
        return None
    if arm is int and float in arms:  # A number that may have a fraction is never cast to bigint.
        return limited(int, limits_of(constraints))
    return struct_type(arm, constraints)


def limited(made: Any, limits: dict[str, Any]) -> Any:
    return Annotated[made, Meta(**limits)] if limits else made


def plain_type(annotation: Any) -> Any:
    """Return the type for msgspec of an annotation without its constraints."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return struct_of(annotation)
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return Literal[tuple(map(str, arguments))]
    if origin is tuple and arguments[1:] == (...,):
        return tuple[element_type(arguments[0]), ...]  # type: ignore[misc]
    if origin is dict and arguments[0] is str:
        return dict[str, element_type(arguments[1])]  # type: ignore[misc]
    raise TypeError(f"no struct reads {annotation}")


def element_type(annotation: Any) -> Any:
    """Return the type of an element of a collection. Raises TypeError for a time, whose offset nobody would check."""
    made = struct_type(annotation)
    if is_time(made):
        raise TypeError("no struct checks the times of a collection")
    return made


def limits_of(constraints: Iterable[Any]) -> dict[str, Any]:
    """Return constraints of pydantic as arguments of Meta. Raises TypeError for one that Meta does not know."""
    limits: dict[str, Any] = {}
    for constraint in constraints:
        if is_left_to_writers(constraint):
            continue
        for stated, value in parts_of(constraint).items():
            name, limit = limit_of(stated, value)
            if name in limits:
                raise TypeError(f"two constraints limit {name}")
            limits[name] = limit
    return limits


def is_left_to_writers(constraint: Any) -> bool:
    """Return whether only writers check a constraint. A pattern would take as long as all other checks together."""
    if isinstance(constraint, AfterValidator | BeforeValidator):
        return constraint.func in WRITER_CHECKS
    # msgspec never converts.
    return isinstance(constraint, Strict) or set(parts_of(constraint)) == {"pattern"}


def limit_of(stated: str, value: Any) -> tuple[str, Any]:
    match stated:
        case "ge" | "le" | "min_length" | "max_length":
            return stated, value
        case "gt":
            return "ge", value + 1
        case "lt":
            return "le", value - 1
        case _:
            raise TypeError(f"no struct checks {stated}")


def parts_of(constraint: Any) -> dict[str, Any]:
    """Return what a constraint states, by name: {"ge": 1} for `Ge(ge=1)`."""
    if is_dataclass(constraint):
        return {field.name: getattr(constraint, field.name) for field in fields(constraint)}
    return dict(vars(constraint))


def flat(metadata: Iterable[Any]) -> Iterable[Any]:
    """Yield the constraints of an Annotated, with those of each Field."""
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from each.metadata
        else:
            yield each


def is_time(made: Any) -> bool:
    return made == TIME or (get_origin(made) in {Union, UnionType} and TIME in get_args(made))


def refusal_of_far_offsets(names: tuple[str, ...]) -> Callable[[msgspec.Struct], None]:
    """Return the check of a struct whose fields `names` are times. Our services write UTC, which it passes at once."""

    def refuse_far_offsets(read: msgspec.Struct) -> None:
        for name in names:
            at = getattr(read, name)
            if at is not None and at.tzinfo is not UTC:
                refuse_far_offset(at)

    return refuse_far_offsets


def refuse_far_offset(at: datetime) -> None:
    """Reject a time that PostgreSQL cannot cast, or that is outside the calendar in UTC."""
    if abs(at.utcoffset() or timedelta()) >= OFFSET_LIMIT:
        raise FieldError("the offset of a time must be less than 16 hours", "时区偏移须小于 16 小时")
    to_utc(at)


# One decoder for the data of each type of event, by the name of the type.
DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = MappingProxyType(
    {name: msgspec.json.Decoder(struct_of(event)) for name, event in EVENT_TYPES.items()}
)
