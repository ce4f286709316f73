"""Which customers look like duplicates, in examples."""

import pytest
from pydantic import SecretStr

from chassis.rules.comparison import core_name
from chassis.store.pseudonym import Pseudonyms
from services.customer.merging.likeness import Reason, reasons, score, tokens

PSEUDONYMS = Pseudonyms(SecretStr("k" * 32))


def alike(one: str | None, other: str | None, **both: list[str]) -> list[Reason]:
    told = [set(tokens(name, both.get("phones", []), both.get("numbers", []), PSEUDONYMS)) for name in (one, other)]
    return reasons(told[0] & told[1])


@pytest.mark.parametrize("name", ["上海腾云有限公司", "上海腾云 股份有限公司", "（上海）腾云", "上海腾云集团"])
def test_the_form_of_a_company_and_signs_are_no_part_of_its_name(name: str) -> None:
    assert core_name(name) == "上海腾云"
    assert alike(name, "上海腾云") == [Reason.NAME]


def test_a_form_alone_is_a_name() -> None:
    assert core_name("公司") == "公司"


@pytest.mark.parametrize("typo", ["上海腾飞", "上海腾", "上海市腾云", "上海云腾云"])
def test_names_one_character_apart_are_similar(typo: str) -> None:
    expected = [Reason.SIMILAR_NAME] if len(core_name(typo)) > 3 else []
    assert alike("上海腾云", typo) == expected


def test_other_names_are_not() -> None:
    assert alike("上海腾云", "北京新创") == alike("上海腾云", "上海新创") == []


def test_a_phone_and_a_number_tell_too() -> None:
    assert alike("a", "b", phones=["+8613800138000"]) == [Reason.PHONE]
    assert alike("a", "b", numbers=["KH-0042"]) == [Reason.NUMBER]
    assert alike(None, None) == []


def test_reasons_add_up_and_none_is_certain() -> None:
    assert (score([]), score([Reason.NAME]), score([Reason.NAME, Reason.PHONE])) == (0, 70, 94)
    assert score(list(Reason)) < 100
