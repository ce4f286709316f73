"""The tree of a checked expression, read from the library's serialized form, `cel.expr.CheckedExpr`. Pure.

The library gives no other access to it. The numbers are those of the fields in checked.proto and syntax.proto of CEL.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

# The values of each field of a message, by its number: an integer, or the bytes of a text or a message.
Fields: TypeAlias = Mapping[int, Sequence[int | bytes]]

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
# The bit of a byte of a varint that says that another byte follows.
CONTINUES: Final = 0x80
FIXED: Final = {FIXED64: 8, FIXED32: 4}
# Of Any, CheckedExpr and SourceInfo; and of an entry of a map.
ANY_VALUE, EXPRESSION, SOURCE_INFO, POSITIONS, KEY, VALUE = 2, 4, 5, 4, 1, 2
# Of Expr.
ID, CONSTANT, IDENTIFIER, CALL, STRUCT, LOOP = 2, 3, 4, 6, 8, 9
STRING, NAME, FUNCTION, ENTRIES, VARIABLE = 6, 1, 2, 2, 1
# The fields with expressions of: select, call, list, loop (the list is first); and of an entry of a struct.
PARTS: Final = {5: (1,), CALL: (1, 3), 7: (1,), LOOP: (2, 4, 5, 6, 7)}
OF_ENTRY: Final = (3, 4)


class Node(NamedTuple):
    """A part of an expression. `place` counts characters from 0. `text` is that of a constant, `name` of a variable.

    A loop, such as `exists`, has the name of its `variable`, and its first part is the list that it goes through.
    """

    place: int
    name: str | None
    text: str | None
    function: str | None
    variable: str | None
    parts: tuple["Node", ...]

    def within(self) -> Iterator["Node"]:
        """Yield the node and all nodes below."""
        yield self
        for part in self.parts:
            yield from part.within()


def tree_of(serialized: bytes) -> Node:
    """Return the tree of a serialized expression."""
    checked = fields(message(fields(serialized), ANY_VALUE))
    entries = [fields(bytes_of(each)) for each in fields(message(checked, SOURCE_INFO)).get(POSITIONS, ())]
    places = {number(each, KEY): number(each, VALUE) for each in entries}
    return node(message(checked, EXPRESSION), places)


def node(expression: bytes, places: Mapping[int, int]) -> Node:
    found = fields(expression)
    constant, call = fields(message(found, CONSTANT)), fields(message(found, CALL))
    return Node(
        place=places.get(number(found, ID), 0),
        name=text(fields(message(found, IDENTIFIER)), NAME),
        text=text(constant, STRING),
        function=text(call, FUNCTION),
        variable=text(fields(message(found, LOOP)), VARIABLE),
        parts=tuple(node(each, places) for each in parts_of(found)),
    )


def parts_of(found: Fields) -> Iterator[bytes]:
    """Yield the expressions directly below one."""
    for kind, numbers in PARTS.items():
        within = fields(message(found, kind))
        yield from (bytes_of(each) for own in numbers for each in within.get(own, ()))
    for entry in fields(message(found, STRUCT)).get(ENTRIES, ()):
        within = fields(bytes_of(entry))
        yield from (bytes_of(each) for own in OF_ENTRY for each in within.get(own, ()))


def fields(data: bytes) -> Fields:
    """Return the fields of a message in the binary form of Protocol Buffers."""
    found: dict[int, list[int | bytes]] = defaultdict(list)
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        if kind == VARINT:
            value, place = varint(data, place)
            found[key >> 3].append(value)
            continue
        size, place = varint(data, place) if kind == DELIMITED else (FIXED[kind], place)
        found[key >> 3].append(data[place : place + size])
        place += size
    return found


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return the integer at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & ~CONTINUES) << shift
        place, shift = place + 1, shift + 7
        if not byte & CONTINUES:
            return value, place


def message(found: Fields, field: int) -> bytes:
    """Return the last value of a field that is a message; an empty message if there is none."""
    return bytes_of(found[field][-1]) if field in found else b""


def text(found: Fields, field: int) -> str | None:
    return bytes_of(found[field][-1]).decode() if field in found else None


def number(found: Fields, field: int) -> int:
    values = found.get(field, (0,))
    return values[-1] if isinstance(values[-1], int) else 0


def bytes_of(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""
