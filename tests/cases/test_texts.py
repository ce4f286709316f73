"""Cases 11 and 12: texts are cleaned alike from REST, from topics and from files."""

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from chassis.files.cells import read_cell
from chassis.files.table import Meaning
from chassis.store.pseudonym import Pseudonyms
from contracts.customer.tiers import Expression
from contracts.inbound import CompanyStated
from contracts.types import Name, Note, Word
from services.customer.commands import ExternalReference, Register
from services.customer.commands.personal_data import Email, Phone
from services.customer.inbound.receiver import NamedNumber
from services.followup.commands import LogContact

INVISIBLE = ["\u200b", "\ufeff", "\u202c", "\u202d", "\u2060", "\u00ad", "\u200e", "\u2066"]


@pytest.mark.parametrize("text", ["一\r\n二\r三", " 一\r\n二\n三\r\n"])
def test_11_line_ends_are_line_feeds_on_every_way_in(text: str) -> None:
    contact = {"channel": "visit", "direction": "outbound", "employee_id": "E1"}
    assert LogContact.model_validate(contact | {"content": text}).content == "一\n二\n三"
    assert read_cell(text, Meaning.TEXT)[0] == "一\n二\n三"
    assert TypeAdapter(Expression).validate_python(text) == "一\n二\n三"


@pytest.mark.parametrize("hidden", [*INVISIBLE, " ", "\u3000", "\u00a0"])
def test_12_names_and_numbers_are_the_same_on_every_way_in(hidden: str) -> None:
    name, number = f"{hidden}上海腾云{hidden}", f"{hidden}KH-1{hidden}"
    message = {"customer": {"system": "erp", "id": number}, "name": name}
    assert Register(name=name).name == "上海腾云"
    assert ExternalReference(system="erp", id=number).id == "KH-1"
    stated = CompanyStated.model_validate(message)
    assert (stated.name, stated.customer.id) == ("上海腾云", "KH-1")
    assert read_cell(name, Meaning.TEXT)[0] == "上海腾云"
    pseudonyms = Pseudonyms(SecretStr("a key of these tests, and of nothing else"))
    invalid = NamedNumber(system="erp", id=number)
    assert pseudonyms.customer("erp", invalid.id) == pseudonyms.customer("erp", stated.customer.id)


@pytest.mark.parametrize("hidden", INVISIBLE)
def test_12_invisible_characters_inside_a_text_are_removed(hidden: str) -> None:
    assert TypeAdapter(Word).validate_python(f"KH{hidden}-1") == "KH-1"
    assert TypeAdapter(Phone).validate_python(f"{hidden}138{hidden}00138000{hidden}") == "+8613800138000"
    assert TypeAdapter(Email).validate_python(f"li{hidden}@example.com ") == "li@example.com"


@pytest.mark.parametrize("text", ["\u200b", " \u2060 ", "\u00ad\ufeff"])
def test_12_a_text_of_invisible_characters_is_blank(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(text)


@pytest.mark.parametrize("text", ["👨\u200d👩\u200d👧", "می\u200cخواهم"])
def test_12_joiners_that_shape_a_text_stay(text: str) -> None:
    assert TypeAdapter(Note).validate_python(text) == text


@pytest.mark.parametrize("text", ["腾\u200d云", "\u200dA", "KH\u200c-1", "云\u200d"])
def test_12_joiners_that_show_nothing_are_removed(text: str) -> None:
    assert not {"\u200c", "\u200d"} & set(TypeAdapter(Word).validate_python(text))
