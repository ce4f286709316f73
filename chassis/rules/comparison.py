"""How names and numbers are compared, in every service and on every way in: files, REST, Kafka, search. Pure.

Numbers, codes and words of choices are compared by `normalised`, names of companies by `name_key`. Search uses
`letters`, and the comparison of likely duplicates `core_name`. Phones are in `chassis.rules.phones`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from opencc import OpenCC

# CJK Unified Ideographs and Extension A. NFKC maps the compatibility ideographs to them.
HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
HAN = r"\u3400-\u9fff\U00020000-\U000323af"
# Punctuation that tells names apart: A+ is not A, and P&G is not PG. All other punctuation is dropped.
TELLING_PUNCTUATION = frozenset("+&#@")
VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
# S.A., P.L.C.: letters with dots are one word.
ABBREVIATION = re.compile(r"\b(?:[^\W\d_]\.)+(?:[^\W\d_]\b)?")
SPACE_BESIDE_HAN = re.compile(rf"(?<=[{HAN}]) | (?=[{HAN}])")
KEY_WORD = re.compile(rf"[{HAN}]+|[^\s{HAN}]+")
NAME_WORD = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")

MAX_FORMER_NAMES = 20

# Legal forms at the end of a name, which do not tell companies apart; longer ones first.
CHINESE_FORMS = (
    "股份有限公司", "有限责任公司", "有限合伙企业", "股份合作公司", "个人独资企业", "合伙企业", "有限公司",
    "股份公司", "责任公司", "有限合伙", "普通合伙", "集团", "公司",
)  # fmt: skip
# Branches and subsidiaries are customers of their own.
CHINESE_BRANCHES = ("分公司", "子公司")
LATIN_FORMS = (
    ("private", "limited"), ("public", "limited", "company"),
    *((form,) for form in (
        "ab", "ag", "bhd", "bv", "co", "coltd", "company", "corp", "corporation", "gmbh", "group", "inc",
        "incorporated", "kg", "kgaa", "kk", "limited", "llc", "llp", "lp", "ltd", "nv", "oy", "plc", "pte", "pty",
        "pvt", "sa", "sarl", "sas", "sdn", "srl",
    )),
)  # fmt: skip


def normalised(text: str) -> str:
    """Normalise width, case and white space and drop invisible characters: the key of a number, a code or a word."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        plain = "".join(filter(is_visible, plain))
    return " ".join(plain.casefold().split())


def is_visible(character: str) -> bool:
    return unicodedata.category(character) != "Cf" and character not in VARIATION_SELECTORS


def simplified(text: str) -> str:
    """Replace each traditional character by the simplified one. The context of a character does not matter."""
    return text if text.isascii() else text.translate(simplified_characters())


@cache
def simplified_characters() -> dict[int, str]:
    """Return the simplified character of each traditional one."""
    known = [chr(code) for begin, end in HAN_RANGES for code in range(begin, end)]
    # On lines of their own, so that no two characters are read as a phrase.
    converted = OpenCC("t2s").convert("\n".join(known)).split("\n")
    table = dict(zip(known, converted, strict=True))
    # 薴 becomes 苧, and 苧 becomes 苎: all three are one.
    return {ord(one): table.get(other, other) for one, other in table.items() if one != other}


def name_key(name: str) -> str:
    """Return the key of a company's name: names with equal keys are one name.

    Width, case, punctuation, traditional characters, and spaces beside Chinese ones make no difference. Latin words and
    digits stay apart: Z Inc is not Zinc, and 1-1 is not 11.
    """
    text = joined_abbreviations(name)
    words = "".join(each if tells_names_apart(each) else " " for each in text).split()
    return SPACE_BESIDE_HAN.sub("", " ".join(words)) or text


def tells_names_apart(character: str) -> bool:
    """Whether it is a letter, a mark of a letter, a digit, or punctuation that tells names apart."""
    return unicodedata.category(character)[0] in "LMN" or character in TELLING_PUNCTUATION


def letters(text: str) -> str:
    """Return the letters and digits of a text, as they are searched: 上海腾云 for 上海（騰雲）."""
    plain = simplified(normalised(text)).replace("ü", "v")
    return "".join(filter(str.isalnum, plain))


def core_name(name: str) -> str:
    """Return a company's name in letters and digits, without its legal form: 上海腾云 for 上海騰雲（集团）有限公司."""
    return joined(without_forms(list(name_words(name))))


def names_after(keys: Sequence[str], name: str | None) -> list[str]:
    """Return the keys of a company's names after it was named so: the present one, then MAX_FORMER_NAMES at most."""
    if name is None:
        return list(keys)
    key = name_key(name)
    return [key, *(former for former in keys if former != key)][: MAX_FORMER_NAMES + 1]


def is_name_of(keys: Sequence[str], name: str) -> bool:
    """Whether a name is one of these, which are given by their keys; the legal form makes no difference."""
    key = name_key(name)
    return key in keys or key_without_form(key) in map(key_without_form, keys)


def key_without_form(key: str) -> str:
    """Return the key of a company's name without its legal form, if anything else is in it."""
    return SPACE_BESIDE_HAN.sub("", " ".join(without_forms(KEY_WORD.findall(key))))


def name_words(name: str) -> Iterator[str]:
    """Yield the words of a name: Chinese characters in a row are one word."""
    return (found.group() for found in NAME_WORD.finditer(joined_abbreviations(name)))


def joined_abbreviations(name: str) -> str:
    """Return the name in simplified characters, normalised, with abbreviations without dots."""
    return ABBREVIATION.sub(lambda found: found.group().replace(".", ""), simplified(normalised(name)))


def without_forms(words: list[str]) -> list[str]:
    """Return the words without all legal forms at their end."""
    while shorter := without_form(words):
        words = shorter
    return words


def without_form(words: Sequence[str]) -> list[str]:
    """Return the words without the legal form at their end; nothing if there is none, or if nothing else is left."""
    *before, last = words or [""]
    for latin in LATIN_FORMS:
        if tuple(words[-len(latin) :]) == latin:
            return list(words[: -len(latin)])
    if last.endswith(CHINESE_BRANCHES):
        return []
    form = next((form for form in CHINESE_FORMS if last.endswith(form)), "")
    rest = last.removesuffix(form)
    return [*before, *([rest] if rest else [])] if form else []


def joined(words: Sequence[str]) -> str:
    """Join words. Digits stay apart: 1-1 is not 11."""
    found = ""
    for word in words:
        found += "-" + word if found[-1:].isdigit() and word[0].isdigit() else word
    return found
