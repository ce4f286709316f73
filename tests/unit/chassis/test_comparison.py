"""The limits of comparing names, and the table of traditional characters."""

from chassis.rules.comparison import MAX_FORMER_NAMES, is_name_of, name_key, names_after, simplified_characters


def test_a_company_keeps_its_latest_former_names_up_to_the_limit() -> None:
    keys: list[str] = []
    for number in range(MAX_FORMER_NAMES + 5):
        keys = names_after(keys, f"Company {number}")
    assert len(keys) == MAX_FORMER_NAMES + 1
    assert is_name_of(keys, "company 5")
    assert not is_name_of(keys, "company 3")


def test_a_name_that_comes_back_is_the_present_one_and_no_former_one() -> None:
    keys = names_after(names_after(names_after([], "腾云"), "新创"), "騰雲")
    assert keys == [name_key("腾云"), name_key("新创")]


def test_a_person_has_no_keys() -> None:
    assert names_after([], None) == []
    assert not is_name_of([], "吴敏")


def test_a_simplified_character_is_not_changed_again_and_none_becomes_several() -> None:
    table = simplified_characters()
    assert len(table) > 3_000
    assert {len(character) for character in table.values()} == {1}
    assert name_key("".join(table.values())) == name_key("".join(map(chr, table)))
