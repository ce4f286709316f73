"""Cases 18 to 21 and 42: names, numbers and phones that are one, although they are written in two ways."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr

from chassis.rules.comparison import core_name, is_name_of, name_key, normalised
from chassis.rules.phones import stored_phone
from chassis.store.pseudonym import Pseudonyms
from contracts.field_error import FieldError
from services.customer.merging.likeness import Reason, reasons, tokens
from services.customer.projection import CustomerRow
from services.customer.search.query import CustomerFilters, query_of
from services.customer.search.tokens import entry_of

KEYED = Pseudonyms(SecretStr("k" * 32))
AT = datetime(2024, 6, 3, tzinfo=UTC)
LANDLINE = "+861062770334"
CUSTOMERS = 23_570


def finds(asked: str, name: str | None = None, person: str | None = None, *phones: str) -> bool:
    """Say what the database would."""
    row = CustomerRow(UUID(int=1), 1, "company" if name else "person", name, None, "new", AT, AT)
    entry = entry_of(row, person, phones, KEYED)
    return any(
        set(each.tokens) <= set(entry.tokens) and (each.words is None or each.words in entry.words)
        for each in query_of(CustomerFilters(asked, shows_phones=True), KEYED).alternatives
    )


def alike(one: str, other: str) -> list[Reason]:
    found, others = (set(tokens(name, [], [], KEYED)) for name in (one, other))
    return reasons(found & others)


@pytest.mark.parametrize(
    "spelling",
    [
        "腾云(集团)",
        "腾云（集团）",
        "騰雲（集團）",
        "腾云 (集团)",
        "腾云集团",
        "腾\u200b云（集团）",
        "腾云\u3000（集团）",
    ],
)
def test_04_spellings_of_one_name_have_one_key(spelling: str) -> None:
    assert name_key(spelling) == name_key("腾云（集团）")


@pytest.mark.parametrize("spelling", ["Acme  Trading", "ACME trading", "Ａｃｍｅ Trading", "acme\u00a0trading\ufeff"])
def test_04_width_case_and_spaces_do_not_tell_latin_names_apart(spelling: str) -> None:
    assert name_key(spelling) == name_key("Acme Trading")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A+教育", "A教育"),
        ("P&G", "PG"),
        ("腾云1-1店", "腾云11店"),
        ("腾云", "腾云集团"),
        ("C#工坊", "C工坊"),
        ("。", "，"),
    ],
)
def test_04_what_tells_names_apart_is_part_of_the_key(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("A+教育", "A教育"), ("P&G", "PG"), ("。", "，"), ("Ab Cd", "Abcd"), ("腾云1-1店", "腾云11店")]
)
def test_04_a_name_with_another_key_is_another_name(one: str, other: str) -> None:
    assert not is_name_of([name_key(one)], other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A+教育", "A+教育有限公司"),
        ("P&G", "P&G Co., Ltd."),
        ("腾云 Co., Ltd.", "腾云"),
        ("上海腾云（集团）", "上海騰雲集团有限公司"),
        ("有限公司", "有限公司"),
    ],
)
def test_04_the_legal_form_makes_no_difference(one: str, other: str) -> None:
    assert is_name_of([name_key(one)], other)


def test_04_numbers_are_compared_without_width_case_spaces_and_invisible_characters() -> None:
    assert normalised(" ｋｈ－００１\u200b ") == normalised("KH-001")
    assert normalised("KH-001") != normalised("KH001")


@pytest.mark.parametrize(
    "text",
    [
        "010-62770334转8012",
        "010-62770334轉8012",
        "010-62770334 转 8012",
        "010-62770334 分机8012",
        "010-62770334分機號8012",
        "010-62770334-8012",
        "(010) 62770334 ext. 8012",
        "０１０－６２７７０３３４－８０１２",
        "+86 10 6277 0334 x8012",
        "010-62770334#8012",
        f"{LANDLINE};ext=8012",
    ],
)
def test_18_an_extension_is_understood_however_it_is_written(text: str) -> None:
    assert stored_phone(text) == f"{LANDLINE};ext=8012"


@pytest.mark.parametrize(
    "text", ["138-0013-8000", "400-810-0000", "010-6277-0334", "+86-10-6277-0334", "+49 30/1234567"]
)
def test_18_dashes_and_slashes_inside_a_number_begin_no_extension(text: str) -> None:
    assert ";ext=" not in stored_phone(text)


@pytest.mark.parametrize("separator", [";", "；", ",", "，", "、", "/", " ", "\n", "|", " 或 ", "和", " / "])
def test_18_two_numbers_in_one_field_are_refused(separator: str) -> None:
    for one, other in (("13800138000", "13900139000"), ("010-62770334", "010-62770335"), ("62770334", "62770335")):
        with pytest.raises(FieldError, match="one phone number"):
            stored_phone(f"{one}{separator}{other}")


@pytest.mark.parametrize("text", ["010-62770334/35", "13800138000-13900139000", "13800138000转13900139000", "62770334"])
def test_18_a_second_number_is_never_kept_as_an_extension(text: str) -> None:
    with pytest.raises(FieldError):
        stored_phone(text)


@pytest.mark.parametrize("text", ["138OO138OOO", "1380013TEST", "138-0013-CARE", "+86 138 0013 8OOO"])
def test_18_letters_in_a_number_are_not_read_as_keys_of_a_phone(text: str) -> None:
    with pytest.raises(FieldError, match="no such phone number"):
        stored_phone(text)


@pytest.mark.parametrize(
    "asked",
    [
        "010-62770334", "01062770334", "(010)62770334", "62770334", "6277 0334", "1062770334", "+86 10 62770334",
        "0086 10 6277 0334", "86-10-62770334", "+86 (0)10 6277 0334", "０１０－６２７７０３３４", "010-62770334转8012",
        "010-62770334-8012", "0334",
    ],
)  # fmt: skip
def test_19_a_landline_is_found_with_and_without_its_area_code(asked: str) -> None:
    assert finds(asked, "某公司", None, LANDLINE)
    assert finds(asked, "某公司", None, f"{LANDLINE};ext=8012")
    assert not finds(asked, "某公司", None, "+8613800138000")


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("0755-26770334", "+8675526770334"),
        ("0311-86703345", "+8631186703345"),
        ("020 7946 0958", "+442079460958"),
        ("+44 20 7946 0958", "+442079460958"),
        ("138-0013-8000", "+8613800138000"),
        ("400-810-0000", "+864008100000"),
    ],
)
def test_19_every_kind_of_number_is_found_as_people_write_it(asked: str, stored: str) -> None:
    assert finds(asked, "某公司", None, stored)


def test_19_another_area_code_is_another_number() -> None:
    assert not finds("021-62770334", "某公司", None, LANDLINE)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("tcljt", "TCL集团"),
        ("qqyy", "QQ音乐"),
        ("qqyinyue", "QQ音乐"),
        ("htx", "洪洞县农资公司"),
        ("hongtong", "洪洞县农资公司"),
        ("hongdong", "洪洞县农资公司"),
        ("xunxian", "河南浚县粮油"),
        ("junxian", "河南浚县粮油"),
        ("58tc", "58同城"),
        ("腾云", "騰雲科技"),
        ("騰雲", "腾云科技"),
        ("tengyun", "騰雲科技"),
        ("臺灣", "台湾腾云"),
        ("広", "広島商店"),
    ],
)
def test_20_names_are_found_by_initials_other_readings_and_traditional_characters(asked: str, name: str) -> None:
    assert finds(asked, name)


@pytest.mark.parametrize("asked", ["曾敏", "zengmin", "cengmin", "zm"])
def test_20_a_person_is_found_by_each_reading_of_the_name(asked: str) -> None:
    assert finds(asked, None, "曾敏")


def test_20_a_known_word_has_one_reading() -> None:
    assert finds("yinhang", "重庆银行")
    assert not finds("yinxing", "重庆银行")


def test_20_traditional_and_simplified_names_are_one_in_duplicates() -> None:
    assert alike("騰雲科技有限公司", "腾云科技") == [Reason.NAME]


@pytest.mark.parametrize(("one", "other"), [("Zinc", "Z Inc."), ("Unlimited", "Un Ltd"), ("Pepsico", "Peps")])
def test_21_a_legal_form_is_not_cut_out_of_a_word(one: str, other: str) -> None:
    assert alike(one, other) == []
    assert not is_name_of([name_key(one)], other)


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Acme Pte. Ltd.", "acme"),
        ("Acme S.A.", "acme"),
        ("Acme Corporation", "acme"),
        ("Acme Co., Ltd.", "acme"),
        ("Acme Private Limited", "acme"),
        ("ACME GmbH", "acme"),
        ("腾云股份公司", "腾云"),
        ("腾云（集团）股份有限公司", "腾云"),
        ("腾云中心（有限合伙）", "腾云中心"),
        ("腾云 Co., Ltd.", "腾云"),
    ],
)
def test_21_legal_forms_of_both_languages_are_no_part_of_the_name(name: str, core: str) -> None:
    assert core_name(name) == core


@pytest.mark.parametrize("name", ["腾云上海分公司", "腾云科技子公司", "公司", "Co", "Private Eye"])
def test_21_a_branch_a_form_alone_and_other_words_stay(name: str) -> None:
    assert core_name(name) == "".join(name.casefold().split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("客户00001", "客户00002"),
        ("第一小学", "第二小学"),
        ("腾云便利店1", "腾云便利店"),
        ("Customer 1", "Customer 12"),
        ("腾云1-1店", "腾云11店"),
        ("第壹食品厂", "第贰食品厂"),
    ],
)
def test_42_names_that_differ_in_a_number_are_not_alike(one: str, other: str) -> None:
    assert alike(one, other) == []


def test_42_a_typing_error_in_a_name_with_a_number_is_still_found() -> None:
    assert alike("腾云便利店第12分店", "腾云便利店弟12分店") == [Reason.SIMILAR_NAME]


@pytest.mark.parametrize("form", ["客户{:05d}", "上海第{}店", "Customer {} Ltd"])
def test_42_thousands_of_customers_that_are_named_by_numbers_make_no_pair(form: str) -> None:
    found = [token for number in range(CUSTOMERS) for token in tokens(form.format(number), [], [], KEYED)]
    assert len(found) == len(set(found)) > CUSTOMERS


def test_42_customers_that_are_named_by_chinese_numerals_make_no_pair() -> None:
    names = [f"上海第{tens}十{ones}分店" for tens in "二三四五六七八九" for ones in "一二三四五六七八九"]
    found = [token for name in names for token in tokens(name, [], [], KEYED)]
    letters_only = set(tokens("上海第分店", [], [], KEYED))
    assert len(found) == len(set(found))
    assert not letters_only & set(found)
