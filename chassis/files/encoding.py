"""Finds the encoding of a text file by evidence: not each encoding that happens to decode is the right one."""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Container

from chassis.files.refusal import UnreadableTableError

UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
ASCII = bytes(range(0x80))
# In code page 936 this byte is the euro sign; GB18030 has another one for it.
EURO_OF_CP936 = 0x80
EURO = "€"
# The first bytes of punctuation and of the common characters of GB 2312.
COMMON = frozenset(bytes([byte]) for byte in (*range(0xA1, 0xA4), *range(0xB0, 0xD8)))
HAN = "CJK UNIFIED IDEOGRAPH"
IN_LATIN_WORD = re.compile(r"[a-z][^\x00-\x7f][A-Za-z]|[A-Z][^\x00-\x7f][a-z]")
# Names have uncommon characters. Private characters, other scripts, and one in a Latin word hardly occur in Chinese.
WEAK_DOUBT = 1
STRONG_DOUBT = 3
COUNTED_AT_ONCE = 100_000


def decode(content: bytes) -> str:
    """Return the text. Raises UnreadableTableError with the line that cannot be read."""
    mark = content[: len(codecs.BOM_UTF16_LE)]
    if encoding := UTF_16.get(mark):
        text = _decoded(content[len(mark) :], encoding)
    else:
        content = content.removeprefix(codecs.BOM_UTF8)
        utf_8 = _utf_8(content)
        text = _gb18030(content) if utf_8 is None else utf_8
    # PostgreSQL cannot store a NUL.
    if "\0" in text:
        raise _unknown(text.index("\0"), text)
    return text


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise UnreadableTableError("unknown-encoding", row=line) from error


def _utf_8(content: bytes) -> str | None:
    """Return the text if it is UTF-8, None if it is not. Raises UnreadableTableError if most of it is."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        foreign = len(content.translate(None, ASCII))
        good = len(content.decode(errors="ignore").encode().translate(None, ASCII))
        if good * 2 <= foreign:
            return None
        raise UnreadableTableError("broken-encoding", row=_line(content, error.start)) from error


def _gb18030(content: bytes) -> str:
    try:
        text = content.decode("gb18030", "cp936-euro")
    except UnicodeDecodeError as error:
        raise UnreadableTableError("unknown-encoding", row=_line(content, error.start)) from error
    counts = _foreign(text)
    doubts = {character: doubt for character in counts if (doubt := _doubt(character))}
    in_words = [match.start() for match in IN_LATIN_WORD.finditer(text)]
    doubt = sum(doubts[character] * counts[character] for character in doubts) + STRONG_DOUBT * len(in_words)
    if doubt * 2 > counts.total():
        raise _unknown(min([_first(text, doubts), *in_words]), text)
    return text


def _foreign(text: str) -> Counter[str]:
    """Count the characters that are not ASCII. Between two parts, other threads run."""
    counts: Counter[str] = Counter()
    for start in range(0, len(text), COUNTED_AT_ONCE):
        counts.update(text[start : start + COUNTED_AT_ONCE])
    return Counter({character: count for character, count in counts.items() if character > "\x7f"})


def _first(text: str, wanted: Container[str]) -> int:
    """Return the first place of one of the characters; the length of the text if it has none."""
    return next((place for place, character in enumerate(text) if character in wanted), len(text))


def _doubt(character: str) -> int:
    """Return how much a character speaks against GB18030: 0 for common ones."""
    if character == EURO or character.encode("gb2312", "ignore")[:1] in COMMON:
        return 0
    return WEAK_DOUBT if unicodedata.name(character, "").startswith(HAN) else STRONG_DOUBT


def _euro(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == EURO_OF_CP936:
        return EURO, error.start + 1
    raise error


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _unknown(position: int, text: str) -> UnreadableTableError:
    return UnreadableTableError("unknown-encoding", row=text.count("\n", 0, position) + 1)


codecs.register_error("cp936-euro", _euro)
