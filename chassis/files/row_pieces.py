"""Takes the rows of a table piece by piece, so that a piece needs little memory however long its rows are."""

from collections.abc import Iterator

from chassis.files.table import Row

# The row that reaches this is the last one of a piece.
PIECE_CHARACTERS = 5_000_000


def next_piece(rows: Iterator[Row], count: int) -> list[Row]:
    """Return the next rows: at most `count`, and fewer if these have more characters than a piece."""
    piece: list[Row] = []
    characters = 0
    while len(piece) < count and characters < PIECE_CHARACTERS and (row := next(rows, None)):
        piece.append(row)
        characters += sum(map(len, row.original))
    return piece
