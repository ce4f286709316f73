"""Which customers look like duplicates: names, phones and numbers, compared as keyed digests. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum

from chassis.rules.comparison import core_name, letters
from chassis.store.pseudonym import Pseudonyms

SHORTEST_NEAR, LONGEST_NEAR = 4, 16


class Reason(StrEnum):
    """Why two customers may be the same."""

    NAME = "name"
    SIMILAR_NAME = "similar-name"
    PHONE = "phone"
    NUMBER = "number"


KINDS = list(Reason)
# The score of each reason alone, out of 100.
WEIGHTS = {Reason.NAME: 70, Reason.SIMILAR_NAME: 45, Reason.PHONE: 80, Reason.NUMBER: 60}


def near_names(key: str) -> Iterator[str]:
    """Yield the name, and the name without each of its letters: names that differ in one letter share one.

    Digits and numerals stay: 第一小学 is not like 第二小学.
    """
    if SHORTEST_NEAR <= len(key) <= LONGEST_NEAR:
        yield key
        yield from (key[:index] + key[index + 1 :] for index in range(len(key)) if is_letter(key[index]))


def is_letter(character: str) -> bool:
    return character.isalpha() and unicodedata.numeric(character, None) is None


def tokens(name: str | None, phones: Iterable[str], numbers: Iterable[str], pseudonyms: Pseudonyms) -> list[int]:
    """Return the digests. The last two bits of each are the index of its Reason."""
    key = core_name(name) if name else ""
    parts = [
        *((Reason.NAME, each) for each in [key] if each),
        *((Reason.SIMILAR_NAME, each) for each in near_names(key)),
        *((Reason.PHONE, phone) for phone in phones),
        *((Reason.NUMBER, letters(number)) for number in numbers),
    ]
    return sorted({token(kind, text, pseudonyms) for kind, text in parts})


def token(kind: Reason, text: str, pseudonyms: Pseudonyms) -> int:
    return pseudonyms.token(f"alike-{kind}", text) & ~3 | KINDS.index(kind)


def reasons(shared: Iterable[int]) -> list[Reason]:
    """Return the reasons for shared digests, highest weight first. NAME replaces SIMILAR_NAME."""
    found = {KINDS[each & 3] for each in shared}
    if Reason.NAME in found:
        found.discard(Reason.SIMILAR_NAME)
    return sorted(found, key=lambda reason: -WEIGHTS[reason])


def score(because: Iterable[Reason]) -> int:
    """Return the combined score of the reasons, out of 100."""
    doubt = 1.0
    for reason in because:
        doubt *= 1 - WEIGHTS[reason] / 100
    return round(100 * (1 - doubt))
