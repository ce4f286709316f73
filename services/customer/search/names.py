"""The search entry of a name: its parts, its pinyin and its initials. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.customer.search.pinyin import syllables

# Pinyin and initials can be searched from each of the first MAX_STARTS syllables, as prefixes of these lengths.
MAX_STARTS = 8
LENGTHS = (2, 3, 4, 6, 9, 13)
MAX_QUERY_GRAMS = 12
CACHED_NAMES = 20_000
SEPARATOR = "|"
GRAM, SOUND = "gram", "sound"

Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NameEntry:
    """`words` is the searchable text; `parts` are the index tokens that select the rows to compare."""

    words: str
    parts: frozenset[Part]


def folded(text: str) -> str:
    """Fold width and case, and drop spaces and punctuation: 上海(腾云) becomes 上海腾云."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ü", "v")
    return "".join(character for character in plain if character.isalnum())


@lru_cache(CACHED_NAMES)
def name_entry(name: str) -> NameEntry:
    """Return the search entry of a name."""
    key = folded(name)
    sounds, initials = pronunciation(key)
    parts = frozenset(
        [
            *((GRAM, gram) for gram in grams(key)),
            *(
                (SOUND, part)
                for start in range(min(len(sounds), MAX_STARTS))
                for part in sound_parts(sounds, initials, start)
            ),
        ]
    )
    return NameEntry(SEPARATOR.join((key, "".join(sounds), initials)), parts)


def pronunciation(key: str) -> tuple[list[str], str]:
    """Return the syllables of a name and their first letters."""
    sounds = [sound.replace("ü", "v") for sound in syllables(key)]
    return sounds, "".join(sound[0] for sound in sounds)


def sound_parts(sounds: list[str], initials: str, start: int) -> Iterator[str]:
    yield from prefixes("".join(sounds[start : start + max(LENGTHS)]))
    yield from prefixes(initials[start:])


def prefixes(text: str) -> Iterator[str]:
    return (text[:length] for length in LENGTHS if length <= len(text))


def grams(key: str) -> Iterator[str]:
    """Yield each Chinese character, each pair, and each three Latin letters or digits."""
    yield from (character for character in key if not character.isascii())
    yield from (key[index : index + 2] for index in range(len(key) - 1))
    yield from (three for index in range(len(key) - 2) if (three := key[index : index + 3]).isascii())


def query_grams(key: str) -> list[Part]:
    """Return the fewest parts that every name containing `key` has."""
    if len(key) == 1:
        return [(GRAM, key)]
    threes = [three for index in range(len(key) - 2) if (three := key[index : index + 3]).isascii()]
    pairs = [pair for index in range(len(key) - 1) if not (pair := key[index : index + 2]).isascii()]
    found = [*pairs, *threes] or [key[:2]]
    return [(GRAM, gram) for gram in dict.fromkeys(found)][:MAX_QUERY_GRAMS]


def query_sound(key: str) -> list[Part]:
    """Return the part that every name has whose pinyin or initials contain `key` from a syllable on."""
    return [(SOUND, list(prefixes(key))[-1])] if len(key) >= LENGTHS[0] and key.isascii() else []
