"""The pinyin of a Chinese text: its syllables without tones. Pure.

The library has 47,000 phrases, which take 45 MB. Nearly all are read like their single characters: for those, only the
phrase is kept, to find word boundaries. For the others, the readings are kept too.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from importlib import resources

os.environ["PYPINYIN_NO_PHRASES"] = "1"

from pypinyin import lazy_pinyin, load_phrases_dict
from pypinyin.contrib.tone_convert import to_normal

Phrases = dict[str, list[list[str]]]


def syllables(text: str) -> list[str]:
    """Return the reading of each character. Text that is not Chinese stays in one piece."""
    return lazy_pinyin(list(words(text)))


def words(text: str) -> Iterator[str]:
    """Split a text into the longest known phrases, from its start, and the text between them."""
    begin = at = 0
    while at < len(text):
        length = next((size for size in range(LONGEST, 1, -1) if text[at : at + size] in PHRASES), 0)
        if length:
            yield from filter(None, (text[begin:at], text[at : at + length]))
            begin = at + length
        at += length or 1
    yield from filter(None, [text[begin:]])


def library_phrases() -> Phrases:
    """Return each phrase of the library, with the readings of each character."""
    phrases: Phrases = json.loads((resources.files("pypinyin") / "phrases_dict.json").read_bytes())
    return phrases


def reduced(phrases: Phrases) -> str:
    """Return, as JSON, all phrases, and the readings of those that differ from their single characters."""
    alone, toneless = cache(lambda character: lazy_pinyin(character)[0]), cache(to_normal)
    exceptions = {
        phrase: readings
        for phrase, readings in phrases.items()
        if [alone(character) for character in phrase] != [toneless(reading[0]) for reading in readings]
    }
    return json.dumps([list(phrases), exceptions])


# Serialised and parsed again, so that the kept objects do not fragment the memory of the dropped ones.
_phrases, _exceptions = json.loads(reduced(library_phrases()))
PHRASES = frozenset[str](_phrases)
LONGEST = max(map(len, PHRASES))
load_phrases_dict(_exceptions)
del _phrases, _exceptions
