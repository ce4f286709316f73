"""How phone numbers are read, stored, compared and searched. Pure."""

import re
from collections.abc import Iterator

import phonenumbers

from chassis.rules.comparison import normalised, simplified
from contracts.field_error import FieldError

HOME_COUNTRY = "CN"
SHORTEST_TAIL, LONGEST_TAIL = 4, 11
STORED_EXTENSION = ";ext="
# 转8012, 分机 8012, ext. 8012, x8012, #8012, and the form in which numbers are stored.
EXTENSION = re.compile(r"[\s,;(]*(?:转分机|转接?|分机号?|内线|;?ext(?:ension|n)?\.?|x|#)[\s:.=]*(\d{1,7})[\s)]*$")
# 010-62770334-8012
DASHED_EXTENSION = re.compile(r"^(.*\d)-(\d{1,6})$")
LIST_SEPARATOR = re.compile(r"[\s;,/|、或和及]+")
# A list has two parts with this many digits; area codes, mobile prefixes and country codes have fewer.
DIGITS_OF_A_NUMBER = 7
SEARCHED_PHONE = re.compile(r"[+\d\s().\-/]+")
# 138OO138OOO: letters for zeros. The library would take them for the keys of a phone: 138 66138 666.
LETTER_IN_NUMBER = re.compile(r"\d.*[^\W\d_]", re.DOTALL)
# With an area code; without the 0 in front.
SHORTEST_NATIONAL = 9


def stored_phone(text: str) -> str:
    """Return the number in E.164, with `;ext=` if it has an extension. Without a country code it is Chinese."""
    if has_two_numbers(text):
        raise FieldError("enter one phone number per field, not several", "每个字段只能填写一个电话号码")
    number, extension = parsed(text)
    if number is None:
        raise FieldError(
            "there is no such phone number, or its area code is missing: examples are 13800138000, "
            "010-62770334 转 8012 and +44 20 7946 0958",
            "没有这样的电话号码，或缺少区号：例如 13800138000、010-62770334 转 8012、+44 20 7946 0958",
        )
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain}{STORED_EXTENSION}{extension}" if extension else plain


def has_two_numbers(text: str) -> bool:
    main, _ = without_extension(text)
    parts = LIST_SEPARATOR.split(main)
    return sum(digit_count(part) >= DIGITS_OF_A_NUMBER for part in parts) > 1


def digit_count(text: str) -> int:
    return sum(map(str.isdigit, text))


def parsed(text: str) -> tuple[phonenumbers.PhoneNumber | None, str]:
    """Return a valid number, or None, and its extension."""
    main, extension = without_extension(text)
    number = valid_number(main)
    if number is None and not extension and (dashed := DASHED_EXTENSION.match(main)):
        return valid_number(dashed[1]), dashed[2]
    return number, extension


def without_extension(text: str) -> tuple[str, str]:
    """Return the text before a named extension, in plain characters, and the extension."""
    plain = simplified(normalised(text))
    found = EXTENSION.search(plain)
    return (plain[: found.start()], found[1]) if found else (plain, "")


def valid_number(text: str) -> phonenumbers.PhoneNumber | None:
    if LETTER_IN_NUMBER.search(text):
        return None
    try:
        number = phonenumbers.parse(text, HOME_COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) and not number.extension else None


def tails(phone: str) -> Iterator[str]:
    """Yield the last SHORTEST_TAIL to LONGEST_TAIL digits of a stored number, without its extension."""
    digits = "".join(filter(str.isdigit, phone.partition(STORED_EXTENSION)[0]))
    return (digits[-length:] for length in range(SHORTEST_TAIL, min(LONGEST_TAIL, len(digits)) + 1))


def searched_tails(text: str) -> list[str]:
    """Return the ends of stored numbers for which `text` may stand: with or without country code, area code and 0."""
    number, _ = parsed(text)
    main, _ = without_extension(text)
    found = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]] if number else []
    if SEARCHED_PHONE.fullmatch(main):
        digits = "".join(filter(str.isdigit, main))
        found += [digits, *(each for each in [digits.lstrip("0")] if SHORTEST_NATIONAL <= len(each) < len(digits))]
    return list(dict.fromkeys(each[-LONGEST_TAIL:] for each in found if len(each) >= SHORTEST_TAIL))
