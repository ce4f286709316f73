"""The search entry of a name: its parts, its pinyin and its initials. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chassis.rules.comparison import core_name, letters
from services.customer.search.pinyin import Reading, readings

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


@lru_cache(CACHED_NAMES)
def name_entry(name: str) -> NameEntry:
    """Return the search entry of a name."""
    key = letters(name)
    known = readings_of(name)
    sounds = (sound_parts(reading[start:]) for reading in known for start in range(min(len(reading), MAX_STARTS)))
    parts = [*((GRAM, gram) for gram in grams(key)), *((SOUND, part) for each in sounds for part in each)]
    return NameEntry(SEPARATOR.join((key, *(way for reading in known for way in spoken(reading)))), frozenset(parts))


def readings_of(name: str) -> list[Reading]:
    """Return how a name may be read. Its legal form has one reading."""
    key, core = letters(name), letters(core_name(name))
    return readings(key, len(core) if key.startswith(core) else len(key))


def spoken(reading: Reading) -> tuple[str, str]:
    """Return the whole pinyin of a reading, and its initials."""
    return "".join(sound for sound, _ in reading).replace("ü", "v"), "".join(initial for _, initial in reading)


def sound_parts(reading: Reading) -> Iterator[str]:
    yield from (part for way in spoken(reading[: max(LENGTHS)]) for part in prefixes(way))


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
