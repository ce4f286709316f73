"""How a Chinese text is read aloud: its syllables without tones. Pure.

The library knows 47,000 phrases, in 45 MB. Nearly all are read as their signs are one by one: of those only the phrase
is kept, which says where a word ends; of the others their readings, too.
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
    """Return how each sign is read; what is not Chinese stays as it is, in one piece."""
    return lazy_pinyin(list(words(text)))


def words(text: str) -> Iterator[str]:
    """Cut a text into the longest known phrases from its beginning, and what stands between them."""
    begin = at = 0
    while at < len(text):
        length = next((size for size in range(LONGEST, 1, -1) if text[at : at + size] in PHRASES), 0)
        if length:
            yield from filter(None, (text[begin:at], text[at : at + length]))
            begin = at + length
        at += length or 1
    yield from filter(None, [text[begin:]])


def library_phrases() -> Phrases:
    """Return each phrase that the library knows, with the readings of each of its signs."""
    phrases: Phrases = json.loads((resources.files("pypinyin") / "phrases_dict.json").read_bytes())
    return phrases


def told_apart(phrases: Phrases) -> str:
    """Return, as JSON, all phrases, and with their readings those that are read otherwise than their signs."""
    alone, toneless = cache(lambda sign: lazy_pinyin(sign)[0]), cache(to_normal)
    odd = {
        phrase: readings
        for phrase, readings in phrases.items()
        if [alone(sign) for sign in phrase] != [toneless(reading[0]) for reading in readings]
    }
    return json.dumps([list(phrases), odd])


# Written and read once more, so that what is kept does not stand scattered among what is dropped.
_phrases, _odd = json.loads(told_apart(library_phrases()))
PHRASES = frozenset[str](_phrases)
LONGEST = max(map(len, PHRASES))
load_phrases_dict(_odd)
del _phrases, _odd
