"""The readings are those of the library with all its phrases, with a fraction of its memory."""

import json
import random
import subprocess
import sys
from importlib import import_module

from services.customer.search.pinyin import MAX_OTHER_READINGS, PHRASES, library_phrases, readings, sounds_of, syllables

WHOLE_LIBRARY = (
    "import json, sys; from pypinyin import lazy_pinyin; print(json.dumps([*map(lazy_pinyin, json.load(sys.stdin))]))"
)
BETWEEN = ("", "A1", "吖", "（", "ok ")
MIXED = 2_000
# All 47,000 take some seconds; none differed when all were read.
EACH = 10


def read_by_the_whole_library(texts: list[str]) -> list[list[str]]:
    """Ask a process of its own: in this one the library knows few phrases."""
    command = [sys.executable, "-c", WHOLE_LIBRARY]
    found = subprocess.run(command, input=json.dumps(texts), env={}, capture_output=True, text=True, check=True)
    read: list[list[str]] = json.loads(found.stdout)
    return read


def test_phrases_and_texts_have_the_readings_of_the_complete_library() -> None:
    dice = random.Random(20261122)  # noqa: S311 - texts, not secrets
    known = sorted(PHRASES)
    mixed = [dice.choice(BETWEEN).join(dice.sample(known, 3)) + dice.choice(BETWEEN) for _ in range(MIXED)]
    texts = [*known[::EACH], *mixed, "重庆长城银行股份有限公司", "单雄信", "a", "", "2号楼重庆"]
    wrong = {
        text: (told, syllables(text))
        for text, told in zip(texts, read_by_the_whole_library(texts), strict=True)
        if told != syllables(text)
    }
    assert wrong == {}


def test_readings_are_kept_only_of_phrases_that_need_one() -> None:
    assert set(library_phrases()) == PHRASES
    kept = import_module("pypinyin.constants").PHRASES_DICT
    assert len(kept) < len(PHRASES) / 10
    assert "重庆" in kept
    assert "上海" not in kept


def test_a_name_of_many_ambiguous_characters_has_a_limited_number_of_readings() -> None:
    text = "浚洞单曾浚洞单曾"
    assert sum(len(sounds_of(character)) - 1 for character in text) > MAX_OTHER_READINGS
    assert len(readings(text, len(text))) == 1 + MAX_OTHER_READINGS
    assert readings("", 0) == [[]]
