"""Spellings of one name have the same id, which depends on the deployment's key."""

from uuid import UUID

import pytest
from pydantic import SecretStr

from chassis.store.pseudonym import Pseudonyms

OURS, THEIRS = Pseudonyms(SecretStr("k" * 32)), Pseudonyms(SecretStr("l" * 32))


@pytest.mark.parametrize(
    "spelling", ["KH-0042 A", "kh-0042 a", "ＫＨ-００４２ Ａ", " KH-0042  A ", "KH-0042\u3000A", "KH-0042\tA"]
)
def test_width_case_and_space_do_not_make_another_customer(spelling: str) -> None:
    assert OURS.customer("crm", spelling) == OURS.customer("crm", "KH-0042 A")


@pytest.mark.parametrize("spelling", ["王 小明", "王　小明", " 王  小明\n"])
def test_space_does_not_make_another_employee(spelling: str) -> None:
    assert OURS.employee(spelling) == OURS.employee("王 小明")


@pytest.mark.parametrize(("composed", "decomposed"), [("José", "Jose\u0301"), ("ﬁ", "fi"), ("Ⅷ", "viii")])
def test_one_name_in_two_normal_forms_is_one_name(composed: str, decomposed: str) -> None:
    assert OURS.employee(composed) == OURS.employee(decomposed)


@pytest.mark.parametrize("other", ["KH-0043", "KH0042", "KH-0042.", "𠮷", ""])
def test_another_number_is_another_customer(other: str) -> None:
    assert OURS.customer("crm", other) != OURS.customer("crm", "KH-0042")


def test_the_same_number_in_another_system_is_another_customer() -> None:
    assert OURS.customer("crm", "1") != OURS.customer("erp", "1")


def test_ids_of_different_kinds_have_nothing_in_common() -> None:
    assert len({OURS.customer("a", "b"), OURS.derived("a", "b"), OURS.derived("customer", "a", "b")}) == 3


@pytest.mark.parametrize("parts", [("ab",), ("a\x1fb",), ("a", "b", ""), ("", "a", "b"), ("A", "b"), ("a ", "b")])
def test_a_derived_id_tells_apart_exactly_its_parts(parts: tuple[str, ...]) -> None:
    assert OURS.derived(*parts) != OURS.derived("a", "b")


def test_no_id_can_be_guessed_without_the_key() -> None:
    assert OURS.customer("crm", "1") != THEIRS.customer("crm", "1")
    assert OURS.employee("李强") != THEIRS.employee("李强")
    assert OURS.derived("1") != THEIRS.derived("1")


def test_an_id_is_the_same_after_a_restart() -> None:
    assert OURS.customer("crm", "KH-0042") == Pseudonyms(SecretStr("k" * 32)).customer("crm", "KH-0042")


def test_an_employee_id_holds_nothing_of_the_name() -> None:
    employee_id = OURS.employee("Li Qiang")
    assert employee_id.startswith("e-")
    assert "li" not in employee_id


def test_a_customer_id_is_a_name_based_uuid() -> None:
    assert (OURS.customer("crm", "1").version, type(OURS.customer("crm", "1"))) == (5, UUID)
