"""Conditions that people write, in CEL: compiled and checked when they are published, and evaluated without any harm.

The library bounds what one expression may cost: its depth, and how often it goes round.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel

TYPES = {int: cel.Type.INT, float: cel.Type.DOUBLE, str: cel.Type.STRING, bool: cel.Type.BOOL}
# What may be null: checked as what it is otherwise, and given as it comes.
NULLABLE: dict[type, cel.Type] = {int: cel.Type("google.protobuf.Int64Value")}
FAULT = re.compile(r"<input>:(?P<line>\d+):(?P<column>\d+): (?P<reason>[^\n]*)")
LONGEST_REASON = 200
# What the library says in English begins with or holds one of these; the rest is told as it is.
REASONS_ZH = {
    "Syntax error": "语法错误",
    "undeclared reference": "未知的名称",
    "no matching overload": "类型不匹配",
    "recursion limit": "嵌套过深",
}


class ExpressionError(Exception):
    """The expression cannot be used; `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.en = f"line {line}, column {column}: {reason}"
        zh = next((zh for begin, zh in REASONS_ZH.items() if begin in reason), "无法使用")
        self.zh = f"第 {line} 行第 {column} 列：{zh}（{reason}）"


class Conditions:
    """Conditions over variables of these names and types; those of `nullable` may have no value."""

    def __init__(self, variables: Mapping[str, type], nullable: Mapping[str, type] = MappingProxyType({})) -> None:
        own = {name: TYPES[kind] for name, kind in variables.items()}
        self._checked = cel.NewEnv(variables=own | {name: NULLABLE[kind] for name, kind in nullable.items()})
        self._environment = cel.NewEnv(variables=own | dict.fromkeys(nullable, cel.Type.DYN))
        self._compiled = cache(self._compile)

    def check(self, text: str) -> None:
        """Raise ExpressionError unless `text` is a condition over the variables."""
        self._compiled(text)

    def holds(self, text: str, values: Mapping[str, Any]) -> bool:
        """Say whether the condition is true. One that fails, as one that compares null, is not."""
        try:
            return self._compiled(text).eval(data=values).value() is True
        except RuntimeError:
            # The library's word for having gone round too often.
            return False

    def _compile(self, text: str) -> Any:
        try:
            checked = self._checked.compile(text)
        except RuntimeError as error:
            raise fault_of(str(error)) from None
        if checked.return_type() != cel.Type.BOOL:
            raise ExpressionError(1, 1, f"it gives {checked.return_type()}, where true or false is needed")
        return self._environment.compile(text)


def fault_of(message: str) -> ExpressionError:
    """Return what the library has found first."""
    if found := FAULT.search(message):
        return ExpressionError(int(found["line"]), int(found["column"]), found["reason"][:LONGEST_REASON])
    return ExpressionError(1, 1, message[:LONGEST_REASON])
