"""What a search finds, and which method reads the fewest rows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from chassis.rules.comparison import letters
from chassis.store.pseudonym import Pseudonyms
from services.customer.projection import CustomerRow
from services.customer.search.names import GRAM, LENGTHS, MAX_STARTS, name_entry, query_grams, query_sound
from services.customer.search.query import Alternative, CustomerFilters, SearchQuery, query_of
from services.customer.search.strategy import (
    MAX_FOUND,
    MIN_WALKED,
    Attempt,
    Method,
    TokenStatistics,
    attempts_of,
    count_method,
)
from services.customer.search.tokens import entry_of

KEYED = Pseudonyms(SecretStr("k" * 32))
AT = datetime(2024, 6, 3, tzinfo=UTC)
COMPANY = CustomerRow(UUID(int=1), 1, "company", "上海腾云（集团）", None, "new", AT, AT, {"default": "vip"}, "E1007")
PERSON = replace(COMPANY, kind="person", name=None)


def finds(
    filters: CustomerFilters, row: CustomerRow, person_name: str | None = None, phones: tuple[str, ...] = ()
) -> bool:
    """Say what the database would."""
    entry = entry_of(row, person_name, phones, KEYED)
    query = query_of(filters, KEYED)
    fits = [
        set(each.tokens) <= set(entry.tokens) and (each.words is None or each.words in entry.words)
        for each in query.alternatives
    ]
    return set(query.tokens) <= set(entry.tokens) and (any(fits) or not filters.q)


@pytest.mark.parametrize(
    "asked",
    [
        "腾云",
        "上海腾",
        "云(集",
        "海",
        "ＴＥＮＧ",
        "tengyun",
        "shanghai teng",
        "tyjt",
        "shty",
        "sh",
        "Shang Hai Teng Yun Ji",
    ],
)
def test_a_company_is_found_by_any_part_by_its_pinyin_and_by_its_initials(asked: str) -> None:
    assert finds(CustomerFilters(asked), COMPANY)


@pytest.mark.parametrize("asked", ["云腾", "北京", "yunteng", "tysh", "shanghaiji", "8000"])
def test_a_company_is_not_found_by_other_names(asked: str) -> None:
    assert not finds(CustomerFilters(asked), COMPANY)


def test_latin_letters_and_digits_are_found_by_any_part_too() -> None:
    other = replace(COMPANY, name="58同城 Systems")
    assert all(finds(CustomerFilters(asked), other) for asked in ("58", "ystem", "城sys", "58tong", "SYSTEMS"))
    assert not finds(CustomerFilters("stemy"), other)


@given(st.text("上海腾云信息技术有限公司ab58 ", min_size=1, max_size=14), st.data())
def test_every_part_of_every_name_leads_to_it(name: str, data: st.DataObject) -> None:
    key = letters(name)
    begins = data.draw(st.integers(0, max(0, len(key) - 1)))
    part = key[begins : data.draw(st.integers(begins + 1, len(key) + 1))]
    if len(part) > 1 or (part and not part.isascii()):
        found = name_entry(name)
        assert set(query_grams(part)) <= found.parts
        assert part in found.words


@given(st.text("上海腾云信息技术有限公司", min_size=1, max_size=MAX_STARTS), st.data())
def test_a_pinyin_leads_to_the_name_from_every_syllable_however_far_it_is_written(
    name: str, data: st.DataObject
) -> None:
    _, sound, initials, *_ = name_entry(name).words.split("|")
    text = data.draw(st.sampled_from([sound, initials]))
    start = 0 if text is sound else data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start + 1, len(text)))]
    if len(part) >= LENGTHS[0]:
        assert set(query_sound(part)) <= name_entry(name).parts


def test_a_person_is_found_by_the_complete_name_which_is_not_stored() -> None:
    entry = entry_of(PERSON, "吴敏", (), KEYED)
    assert all(finds(CustomerFilters(asked), PERSON, "吴敏") for asked in ("吴敏", "wumin", "Wu Min", "wm"))
    assert not any(finds(CustomerFilters(asked), PERSON, "吴敏") for asked in ("吴", "敏", "wu", "min"))
    assert entry.words == ""
    assert set(entry_of(PERSON, None, (), KEYED).tokens) < set(entry.tokens)


@pytest.mark.parametrize("asked", ["8000", "38000", "138 0013 8000", "+86 138-0013-8000", "00138000"])
def test_a_customer_is_found_by_the_last_digits_of_a_key_contacts_phone(asked: str) -> None:
    phones = ("+8613800138000", "+442079460958;ext=12")
    assert finds(CustomerFilters(asked, shows_phones=True), COMPANY, phones=phones)
    assert not finds(CustomerFilters(asked), COMPANY, phones=phones), "those who may not see phones"
    assert not finds(CustomerFilters(asked, shows_phones=True), COMPANY)


def test_three_digits_and_an_extension_lead_to_no_phone() -> None:
    phones = ("+8613800138000;ext=4321",)
    assert not finds(CustomerFilters("000", shows_phones=True), COMPANY, phones=phones)
    assert not finds(CustomerFilters("4321", shows_phones=True), COMPANY, phones=phones)


def test_lists_are_narrowed_by_each_thing_and_by_all_of_them() -> None:
    row = replace(COMPANY, tags=["hot"], region="上海", leader_id="E1", helper_ids=["E2"], proposed_tiers={"abc": "a"})
    held = CustomerFilters(
        stage="new", tier="vip", owner_id="E1007", region="上海 ", tag="hot", proposed_in="abc", name="上海"
    )
    assert finds(held, row)
    others: dict[str, Any] = {
        "stage": "lost",
        "tier": "a",
        "owner_id": "E1",
        "region": "北京",
        "tag": "cold",
        "proposed_in": "x",
    }
    assert not [name for name, value in others.items() if finds(replace(held, **{name: value}), row)]
    seen = {who: finds(replace(held, visible_to=who), row) for who in ("E1007", "E1", "E2", "E3")}
    assert seen == {"E1007": True, "E1": True, "E2": True, "E3": False}
    assert not finds(CustomerFilters(ownerless=True), row)
    assert finds(CustomerFilters(ownerless=True), replace(row, owner_id=None))


def test_another_key_makes_other_numbers() -> None:
    other = Pseudonyms(SecretStr("x" * 32))
    assert not set(entry_of(COMPANY, None, (), KEYED).tokens) & set(entry_of(COMPANY, None, (), other).tokens)


PAGE = 51
NUMBERS = {name: KEYED.token(GRAM, name) for name in ("often", "half", "some", "other", "third", "seldom")}
SHARES = {"often": 0.3, "half": 0.5, "some": 0.05, "other": 0.05, "third": 0.05}
MILLION = TokenStatistics(1_000_000, {NUMBERS[name]: share for name, share in SHARES.items()})


def asked_for(*names: str) -> SearchQuery:
    return SearchQuery([NUMBERS[name] for name in names])


def attempts(*names: str) -> list[Attempt]:
    """Return what is tried among a million customers of whom SHARES have these tokens."""
    return attempts_of(asked_for(*names), MILLION, PAGE)


def test_few_are_found_and_many_are_walked_through() -> None:
    assert attempts() == [Attempt(Method.WALK)]
    assert attempts("often")[0] == Attempt(Method.WALK, MIN_WALKED)
    assert attempts("often", "half")[0].method is Method.WALK
    assert attempts("seldom")[0] == Attempt(Method.FIND, MAX_FOUND)
    assert attempts("often", "seldom")[0].method is Method.FIND
    assert attempts("some", "other", "third")[0].method is Method.FIND


def test_what_the_census_does_not_list_is_found_however_many_ways_it_may_be_meant() -> None:
    unlisted = [Alternative([number]) for number in range(4)]
    assert attempts_of(SearchQuery([], unlisted), MILLION, PAGE)[0].method is Method.FIND


def test_no_guess_makes_a_way_read_everybody_before_another_is_tried() -> None:
    for asked in (["often"], ["half"], ["some"], ["seldom"], ["often", "some"], ["some", "other", "third"]):
        *tried, last = attempts(*asked)
        assert last == Attempt(Method.FIND)
        assert tried
        assert not [
            attempt for attempt in tried if attempt.max_rows is None or attempt.max_rows > MILLION.customers / 20
        ]


def test_a_walk_stops_after_twice_the_expected_rows() -> None:
    assert attempts("some", "other")[0] == Attempt(Method.FIND, MAX_FOUND)
    slight = replace(MILLION, shares={NUMBERS["some"]: 0.01})
    assert attempts_of(asked_for("some"), slight, PAGE)[0] == Attempt(Method.WALK, 2 * PAGE * 100)


def test_common_tokens_are_checked_on_the_rows_of_rare_ones() -> None:
    statistics = replace(MILLION, shares={1: 0.9, 2: 0.03, 3: 0.02})
    assert statistics.selective([0, 1, 2]) == [0, 2]
    assert statistics.selective([1, 2, 3]) == [1, 2, 3]
    assert statistics.selective([1]) == [1]
    assert statistics.selective([]) == []


def test_a_number_selects_one_customer_with_any_other_filter() -> None:
    assert attempts_of(replace(asked_for("some"), number_id=UUID(int=1)), MILLION, PAGE) == [Attempt(Method.WALK)]


def test_without_statistics_matches_are_found() -> None:
    assert attempts_of(SearchQuery([1]), TokenStatistics(), PAGE)[0].method is Method.FIND
    assert attempts_of(SearchQuery([]), TokenStatistics(), PAGE)[0].method is Method.WALK


def test_what_most_have_is_counted_by_walking() -> None:
    assert count_method(asked_for("half"), MILLION) is Method.WALK
    assert count_method(asked_for("half", "often"), MILLION) is Method.FIND
    assert count_method(SearchQuery([]), MILLION) is Method.WALK
