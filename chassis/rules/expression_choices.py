"""Finds in an expression the comparisons of a variable with a value that it never has. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from chassis.rules.expression_tree import Node

# What is not known, in each variable.
UNKNOWN: Final = ""
EQUALITY: Final = frozenset({"_==_", "_!=_"})
WITHIN: Final = "@in"


class Impossible(NamedTuple):
    """A text that a variable never is, at a place of the expression; and what the variable may be."""

    variable: str
    place: int
    allowed: Collection[str]


def first_impossible(text: str, tree: Node, choices: Mapping[str, Collection[str]]) -> Impossible | None:
    """Return the first comparison with a value that a variable never has. `choices` are the values of variables."""
    found = (
        Impossible(name, constant.place, allowed)
        for node in tree.within()
        for variable, constant in compared(node, text)
        if (name := variable.name) and (allowed := choices.get(name)) and constant.text not in {None, UNKNOWN, *allowed}
    )
    return min(found, key=lambda each: each.place, default=None)


def compared(node: Node, text: str) -> Iterator[tuple[Node, Node]]:
    """Yield what a part of an expression compares, in both orders; a value with each element of a list."""
    if node.function in EQUALITY:
        one, other = node.parts
        yield from ((one, other), (other, one))
    if node.function == WITHIN:
        value, values = node.parts
        is_list = text[values.place :].startswith("[")
        yield from ((value, each) for each in values.parts if is_list)
