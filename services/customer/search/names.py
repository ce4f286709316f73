"""What a name is found by: its parts, its pinyin and its initials. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.customer.search.pinyin import syllables

# A pinyin and initials are found from the beginning of each of the first syllables; parts of these lengths are kept.
MAX_STARTS = 8
LENGTHS = (2, 3, 4, 6, 9, 13)
MAX_ASKED = 12
CACHED_NAMES = 20_000
SEPARATOR = "|"
GRAM, SOUND = "gram", "sound"

Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Findable:
    """`words` hold every part that may be asked for; `parts` lead to the few rows whose words are worth reading."""

    words: str
    parts: frozenset[Part]


def folded(text: str) -> str:
    """Fold width and case, and leave out spaces and signs: 上海(腾云) is found as 上海腾云."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ü", "v")
    return "".join(character for character in plain if character.isalnum())


@lru_cache(CACHED_NAMES)
def findable(name: str) -> Findable:
    """Return what a name is found by."""
    key = folded(name)
    sounds, initials = spoken(key)
    parts = frozenset(
        [
            *((GRAM, gram) for gram in grams(key)),
            *(
                (SOUND, part)
                for start in range(min(len(sounds), MAX_STARTS))
                for part in begun(sounds, initials, start)
            ),
        ]
    )
    return Findable(SEPARATOR.join((key, "".join(sounds), initials)), parts)


def spoken(key: str) -> tuple[list[str], str]:
    """Return the syllables of a name and their first letters."""
    sounds = [sound.replace("ü", "v") for sound in syllables(key)]
    return sounds, "".join(sound[0] for sound in sounds)


def begun(sounds: list[str], initials: str, start: int) -> Iterator[str]:
    yield from prefixes("".join(sounds[start : start + max(LENGTHS)]))
    yield from prefixes(initials[start:])


def prefixes(text: str) -> Iterator[str]:
    return (text[:length] for length in LENGTHS if length <= len(text))


def grams(key: str) -> Iterator[str]:
    """Yield each character that says something alone, each pair, and each three Latin letters or digits."""
    yield from (character for character in key if not character.isascii())
    yield from (key[place : place + 2] for place in range(len(key) - 1))
    yield from (three for place in range(len(key) - 2) if (three := key[place : place + 3]).isascii())


def asked_grams(key: str) -> list[Part]:
    """Return the parts that every name has which holds `key`; the fewest that lead there."""
    if len(key) == 1:
        return [(GRAM, key)]
    threes = [three for place in range(len(key) - 2) if (three := key[place : place + 3]).isascii()]
    pairs = [pair for place in range(len(key) - 1) if not (pair := key[place : place + 2]).isascii()]
    found = [*pairs, *threes] or [key[:2]]
    return [(GRAM, gram) for gram in dict.fromkeys(found)][:MAX_ASKED]


def asked_sound(key: str) -> list[Part]:
    """Return the part that every name has whose pinyin or initials go on with `key` from some syllable."""
    return [(SOUND, list(prefixes(key))[-1])] if len(key) >= LENGTHS[0] and key.isascii() else []
