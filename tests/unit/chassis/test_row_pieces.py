"""A piece of rows is limited in rows and in characters."""

import pytest

from chassis.files import row_pieces
from chassis.files.row_pieces import next_piece
from chassis.files.table import Row


def row(number: int, characters: int) -> Row:
    return Row(number, {}, original=["A" * (characters - 1), "A"])


def test_the_rows_of_all_pieces_are_all_rows_in_their_order() -> None:
    rows = iter([row(number, 2) for number in range(5)])
    pieces = [next_piece(rows, 2) for _ in range(4)]
    assert [[each.number for each in piece] for piece in pieces] == [[0, 1], [2, 3], [4], []]


def test_a_piece_ends_with_the_row_that_has_the_last_allowed_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_pieces, "PIECE_CHARACTERS", 10)
    rows = iter([row(0, 5), row(1, 4), row(2, 20), row(3, 10), row(4, 2)])
    pieces = [next_piece(rows, 100) for _ in range(4)]
    assert [[each.number for each in piece] for piece in pieces] == [[0, 1, 2], [3], [4], []]
