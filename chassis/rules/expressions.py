"""User-written conditions in CEL: checked when they are published, evaluated without side effects.

The library limits the nesting depth and the number of iterations of an expression, but not the size of its values.
So no loop goes through what another loop made: each could double it.
"""

import re
from collections.abc import Collection, Container, Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel

from chassis.rules.expression_choices import first_impossible
from chassis.rules.expression_tree import Node, tree_of
from contracts.types import FORBIDDEN

# A list is one of texts.
TYPES = {
    int: cel.Type.INT,
    float: cel.Type.DOUBLE,
    str: cel.Type.STRING,
    bool: cel.Type.BOOL,
    list: cel.Type.List(cel.Type.STRING),
}
# Types of nullable variables: checked as the wrapped type, evaluated as any value or null.
NULLABLE: dict[type, cel.Type] = {int: cel.Type("google.protobuf.Int64Value")}
# The library compares an int with a double when it evaluates, but its checker knows only pairs of one type. So the
# checker gets these comparisons in place of its own.
COMPARISONS = ("_<_", "_<=_", "_>_", "_>=_")
NUMBERS = (cel.Type.INT, cel.Type.UINT, cel.Type.DOUBLE)
ORDERED = (cel.Type.STRING, cel.Type.BYTES, cel.Type.BOOL, cel.Type.DURATION, cel.Type.TIMESTAMP)
COMPARABLE = (*product(NUMBERS, repeat=2), *((kind, kind) for kind in ORDERED))
WITHOUT_COMPARISONS = f"stdlib: {{exclude_functions: {[{'name': name} for name in COMPARISONS]}}}"
FAULT = re.compile(r"<input>:(?P<line>\d+):(?P<column>\d+): (?P<reason>[^\n]*)")
MAX_REASON = 200
# Compiled expressions, about 70 KB each. Drafts and previews compile others than those in use.
KEPT = 1_000
NEVER = "never has this value; it is one of:"
NAMED_TWICE = "is known already: choose another name for the variable of exists, all, map or filter"
LOOP_OF_LOOP = "a list that is gone through cannot depend on the variable or the result of exists, all, map or filter"
# Translations of the library's messages by a part of their text; other messages are "无法使用".
REASONS_ZH = {
    "Syntax error": "语法错误",
    "undeclared reference": "未知的名称",
    "no matching overload": "类型不匹配",
    "recursion limit": "嵌套过深",
    NEVER: "不会有这个值",
    NAMED_TWICE: "exists、all、map 或 filter 的变量不能与已有的名称相同，请换一个名称",
    LOOP_OF_LOOP: "被遍历的列表不能依赖 exists、all、map 或 filter 的变量或结果",
}


class ExpressionError(Exception):
    """The expression is invalid; `line` and `column` start at 1."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        zh = next((zh for part, zh in REASONS_ZH.items() if part in reason), "无法使用")
        self.en, self.zh = at_place(line, column, reason, f"{zh}（{reason}）")
        super().__init__(self.en)


def at_place(line: int, column: int, en: str, zh: str) -> tuple[str, str]:
    """Return a reason in both languages with its place, which starts at 1."""
    return f"line {line}, column {column}: {en}", f"第 {line} 行第 {column} 列：{zh}"


class EvaluationError(Exception):
    """An expression cannot be evaluated with these values, for example because it divides by zero."""


class Conditions:
    """Conditions over variables with these names and types; those of `nullable` may be null.

    `choices` are the values of the texts that have only some, besides the empty text.
    """

    def __init__(
        self,
        variables: Mapping[str, type],
        nullable: Mapping[str, type] = MappingProxyType({}),
        choices: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        own = {name: TYPES[kind] for name, kind in variables.items()}
        self._choices = choices
        self._names = frozenset({*variables, *nullable})
        self._checked = cel.NewEnv(
            config=cel.NewEnvConfigFromYaml(WITHOUT_COMPARISONS),
            variables=own | {name: NULLABLE[kind] for name, kind in nullable.items()},
            functions=[comparison(name) for name in COMPARISONS],
        )
        self._environment = cel.NewEnv(variables=own | dict.fromkeys(nullable, cel.Type.DYN))
        self._compiled = lru_cache(KEPT)(self._compile)

    def check(self, text: str) -> None:
        """Raise ExpressionError unless `text` is a condition over the variables."""
        self._compiled(text)

    def check_new(self, text: str) -> None:
        """Check a condition that somebody writes, more strictly than what is stored.

        No loop may hide a variable, and no variable may be compared with a value that it never has.
        """
        self.check(text)
        tree = self.tree(text)
        if fault := named_twice(text, tree, self._names):
            raise fault
        if found := first_impossible(text, tree, self._choices):
            values = ", ".join(f"'{each}'" for each in found.allowed)
            raise ExpressionError(*line_and_column(text, found.place), f"{found.variable} {NEVER} {values}")

    def tree(self, text: str) -> Node:
        """Return the parts of a condition that was checked."""
        return tree_of(self._checked.compile(text).serialize())

    def holds(self, text: str, values: Mapping[str, Any]) -> bool:
        """Return whether the condition is true. A condition whose evaluation fails, for example on null, is false."""
        try:
            return self.evaluate(text, values)
        except EvaluationError:
            return False

    def evaluate(self, text: str, values: Mapping[str, Any]) -> bool:
        """Return whether the condition is true. Raises EvaluationError if that cannot be said.

        A condition that `check` refuses is not evaluated: it may have been stored by a build that accepted it.
        """
        try:
            found = self._compiled(text).eval(data=values)
        except ExpressionError as error:
            raise EvaluationError(shown(error.en)) from None
        except RuntimeError as error:
            # Raised by the library above its limit of iterations.
            raise EvaluationError(shown(str(error))) from None
        if found.type() != cel.Type.BOOL:
            raise EvaluationError(shown(str(found.value())))
        return bool(found.value())

    def _compile(self, text: str) -> Any:
        try:
            checked = self._checked.compile(text)
        except RuntimeError as error:
            raise fault_of(str(error)) from None
        if checked.return_type() != cel.Type.BOOL:
            raise ExpressionError(1, 1, f"the result is {checked.return_type()}, but must be true or false")
        check_loops(text, tree_of(checked.serialize()), self._names)
        return self._environment.compile(text, disable_check=True)


def named_twice(text: str, tree: Node, names: Container[str]) -> ExpressionError | None:
    """Return what is wrong with the first loop whose variable has one of the names."""
    for loop in tree.within():
        if loop.variable and loop.variable in names:
            # The place of a loop is that of the parenthesis before its variable.
            place = max(loop.place, text.find(loop.variable, loop.place))
            return ExpressionError(*line_and_column(text, place), f"{loop.variable} {NAMED_TWICE}")
    return None


def check_loops(text: str, tree: Node, names: Container[str]) -> None:
    """Raise ExpressionError if a loop goes through a list that another loop makes or changes."""
    loops = [node for node in tree.within() if node.variable]
    variables = {each.variable for each in loops}
    for part in (part for each in loops for part in each.parts[0].within()):
        if part.variable or part.name in variables:
            fault = ExpressionError(*line_and_column(text, part.place), LOOP_OF_LOOP)
            raise named_twice(text, tree, names) or fault


def shown(reason: str) -> str:
    """Return a reason of the library that can be stored: it may repeat any text of an expression."""
    return FORBIDDEN.sub("\ufffd", reason[:MAX_REASON])


def line_and_column(text: str, place: int) -> tuple[int, int]:
    """Return the line and the column of a character; both start at 1."""
    before = text[:place]
    return before.count("\n") + 1, place - before.rfind("\n")


def comparison(name: str) -> cel.FunctionDecl:
    """Return the declaration of a comparison between any two numbers, or two other values of one type."""
    overloads = [
        cel.Overload(id=f"{name}|{one.name()}|{other.name()}", return_type=cel.Type.BOOL, parameters=[one, other])
        for one, other in COMPARABLE
    ]
    return cel.FunctionDecl(name, overloads)


def fault_of(message: str) -> ExpressionError:
    """Return the first error in the library's message."""
    if found := FAULT.search(message):
        return ExpressionError(int(found["line"]), int(found["column"]), found["reason"][:MAX_REASON])
    return ExpressionError(1, 1, message[:MAX_REASON])
