"""Cursors: each continues where the page ended, only in the same list, and cannot be forged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.commands.problem import ProblemError
from chassis.http.paging import DEFAULT_LIMIT, MAX_LIMIT, SIGNATURE_BYTES, Cursors, coerce_limit

CURSORS = Cursors("k" * 32)
FILTERS = {"list": "customers", "stage": "new", "owner_id": None}


def is_refused(cursor: str, filters: dict[str, str | None] = FILTERS, cursors: Cursors = CURSORS) -> bool:
    try:
        cursors.read(cursor, filters)
    except ProblemError as error:
        return error.code == "invalid-cursor"
    return False


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=3))
def test_a_cursor_is_read_back_as_it_was_written(place: list[str]) -> None:
    assert CURSORS.read(CURSORS.write(place, FILTERS), FILTERS) == place


def test_without_a_cursor_a_list_starts_at_the_beginning() -> None:
    assert CURSORS.read(None, FILTERS) is None


def test_a_cursor_fits_into_an_address() -> None:
    assert CURSORS.write(["王敏/?&#"], FILTERS).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("number", range(0, len(CURSORS.write(["place"], FILTERS)) - 1, 3))
def test_a_cursor_with_one_character_changed_is_refused(number: int) -> None:
    cursor = CURSORS.write(["place"], FILTERS)
    other = "A" if cursor[number] != "A" else "B"
    assert is_refused(cursor[:number] + other + cursor[number + 1 :])


@pytest.mark.parametrize("cursor", ["", "a", "!!!", "王", "A" * 22, "A" * 500, "====", "\x00", "\ud800"])
def test_an_invalid_cursor_is_refused(cursor: str) -> None:
    assert is_refused(cursor)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"[[1]]", b'["x", "y"]', b"\xff", b"[" * 5_000])
def test_an_unsigned_body_is_refused_before_it_is_read(body: bytes) -> None:
    assert is_refused(base64.urlsafe_b64encode(b"\x00" * SIGNATURE_BYTES + body).decode())


def test_a_truncated_cursor_is_refused() -> None:
    cursor = CURSORS.write(["place"], FILTERS)
    assert all(is_refused(cursor[:length]) for length in range(len(cursor)))


@pytest.mark.parametrize(
    "filters",
    [FILTERS | {"stage": "lost"}, FILTERS | {"owner_id": "E1"}, {"list": "customers"}, FILTERS | {"list": "rows"}],
)
def test_a_cursor_of_other_filters_is_refused(filters: dict[str, str | None]) -> None:
    assert is_refused(CURSORS.write(["place"], filters))


def test_the_order_of_filters_does_not_matter() -> None:
    assert not is_refused(CURSORS.write(["place"], dict(reversed(FILTERS.items()))))


def test_a_cursor_of_another_deployment_is_refused() -> None:
    assert is_refused(Cursors("l" * 32).write(["place"], FILTERS))


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (None, DEFAULT_LIMIT),
        (0, DEFAULT_LIMIT),
        (1, 1),
        (MAX_LIMIT, MAX_LIMIT),
        (MAX_LIMIT + 1, MAX_LIMIT),
        (10**30, MAX_LIMIT),
        (-5, 1),
    ],
)
def test_a_limit_is_reduced_to_the_maximum(asked: int | None, size: int) -> None:
    assert coerce_limit(asked) == size
