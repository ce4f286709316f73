"""Rows that change the same are imported one by one; the others at the same time."""

from uuid import UUID

from chassis.files.row_import import related_rows
from chassis.files.table import Row

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def groups(*keys: list[UUID]) -> list[list[int]]:
    rows = [Row(number, {}) for number in range(len(keys))]
    return sorted([row.number for row in group] for group in related_rows(rows, lambda row: keys[row.number]))


def test_rows_with_a_common_key_are_in_one_group_in_their_order() -> None:
    assert groups([A], [B], [A, C], [C]) == [[0, 2, 3], [1]]


def test_a_row_joins_the_groups_of_all_its_keys() -> None:
    assert groups([A], [B], [A], [A, B], [C]) == [[0, 1, 2, 3], [4]]


def test_rows_without_a_key_are_alone() -> None:
    assert groups([], [A], []) == [[0], [1], [2]]
