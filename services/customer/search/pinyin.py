"""The pinyin of a Chinese text: its syllables without tones. Pure.

The library has 47,000 phrases, which take 45 MB. Nearly all are read like their single characters: for those, only the
phrase is kept, to find word boundaries. For the others, the readings are kept too.
"""

import json
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from itertools import islice

os.environ |= {"PYPINYIN_NO_PHRASES": "1", "PYPINYIN_NO_DICT_COPY": "1"}

from pypinyin import Style, lazy_pinyin, load_phrases_dict, pinyin
from pypinyin.contrib.tone_convert import to_normal

Phrases = dict[str, list[list[str]]]
# Of each syllable: its sound, and the letters that stand for it among the initials of a name.
Reading = list[tuple[str, str]]

# Most characters have rare readings too: those after the third are not read.
READINGS_OF_A_CHARACTER = 3
MAX_OTHER_READINGS = 4
CACHED_CHARACTERS = 8_000


def readings(text: str, varied: int) -> list[Reading]:
    """Return the usual reading of a text, and readings with one of the first `varied` syllables read in another way.

    Only a character outside the known phrases can be read in another way: 洪洞 is hongdong or hongtong. Text that is
    not Chinese is one syllable, and stands among the initials as it is: QQ音乐 is qqyy.
    """
    known = list(aligned(text))
    usual = [(sound, sound if sound == written else sound[0]) for written, sound, _ in known]
    others = [
        (rank, [*usual[:at], (other, other[0]), *usual[at + 1 :]])
        for at, (written, sound, is_certain) in enumerate(known[:varied])
        for rank, other in enumerate(() if is_certain else (each for each in sounds_of(written) if each != sound))
    ]
    others.sort(key=lambda ranked: ranked[0])
    return [usual, *(reading for _, reading in islice(others, MAX_OTHER_READINGS))]


def aligned(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield each syllable as it is written and as it is read, and whether it is part of a known phrase."""
    for word in words(text):
        at = 0
        for sound in lazy_pinyin([word]):
            written = sound if word.startswith(sound, at) else word[at]
            yield written, sound, word in PHRASES
            at += len(written)


@lru_cache(CACHED_CHARACTERS)
def sounds_of(written: str) -> tuple[str, ...]:
    """Return the most frequent sounds of one character; none of other text."""
    if len(written) > 1 or written.isascii():
        return ()
    [found] = pinyin(written, style=Style.NORMAL, heteronym=True)
    return tuple(found[:READINGS_OF_A_CHARACTER])


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
