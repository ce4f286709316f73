"""Amounts of money: an integer of minor units and an ISO 4217 currency code."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.field_error import FieldError

# Larger than any order, and below 2**53, so every JSON parser reads it exactly.
MAX_MINOR_UNITS = 10**15
# The codes of ISO 4217 in use in 2024. Events keep the code that was in use when they were recorded.
ISO_4217 = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
CURRENCIES = frozenset(ISO_4217.split())

# The number of decimal places of a currency; 2 unless it is listed here.
NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS = {**dict.fromkeys(NO_DECIMALS.split(), 0), **dict.fromkeys(THREE_DECIMALS.split(), 3)}
DEFAULT_EXPONENT = 2

# The signs of currencies in amounts, and what each may stand for.
DOLLARS = frozenset(["USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD"])
CURRENCIES_OF_SIGNS = {
    **{code.casefold(): frozenset({code}) for code in CURRENCIES},
    **dict.fromkeys(("rmb", "人民币", "元", "圆"), frozenset({"CNY"})),
    "¥": frozenset({"CNY", "JPY"}),
    "$": DOLLARS,
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "美元": frozenset({"USD"}),
    "欧元": frozenset({"EUR"}),
    "港元": frozenset({"HKD"}),
    "日元": frozenset({"JPY"}),
}
UNITS = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
SIGNS = "|".join(sorted(map(re.escape, CURRENCIES_OF_SIGNS), key=len, reverse=True))
NUMBER = r"(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,6})?"
# Spaces are matched possessively (`*+`). Otherwise the time of a refusal grows with the cube of their number.
WRITTEN = re.compile(rf"\s*+({SIGNS})?\s*+({NUMBER})\s*+(万|亿)?\s*+({SIGNS})?\s*+")


def written_amount(text: str) -> tuple[Decimal, str]:
    """Return the number and the sign of a currency of an amount such as ¥12,800.50, 12800元 or 1.28万.

    Full-width characters are the same as others. Commas are read in groups of three only: 4,25 has two meanings.
    Raises FieldError, which does not repeat the text.
    """
    match = WRITTEN.fullmatch(unicodedata.normalize("NFKC", text).casefold())
    if match is None:
        raise FieldError(
            "This is not an amount. Write it like 12800.50: not negative, commas only in groups of three digits.",
            "不是可识别的金额，例如 12800.50；不能是负数，逗号只能用作千分位。",
        )
    before, number, unit, after = match.groups(default="")
    if before and after and CURRENCIES_OF_SIGNS[before] != CURRENCIES_OF_SIGNS[after]:
        raise of_other_currency()
    return Decimal(number.replace(",", "")) * UNITS[unit], before or after


def currency_of_sign(sign: str) -> str | None:
    """Return the currency of a sign that stands for one only."""
    named = CURRENCIES_OF_SIGNS.get(sign, frozenset())
    return next(iter(named)) if len(named) == 1 else None


def minor_units(text: str, currency: str) -> int:
    """Parse an amount such as 12,800.50 into minor units. Raises FieldError, which does not repeat the text."""
    number, sign = written_amount(text)
    exponent = EXPONENTS.get(currency, DEFAULT_EXPONENT)
    if sign and currency not in CURRENCIES_OF_SIGNS[sign]:
        raise of_other_currency()
    scaled = number.scaleb(exponent)
    if scaled != int(scaled):
        raise FieldError(f"{currency} has {exponent} decimal places.", f"{currency} 有 {exponent} 位小数。")
    return int(scaled)


def of_other_currency() -> FieldError:
    return FieldError("The amount names another currency than the row.", "金额所写的币种与本行的币种不一致。")


def format_amount(amount_minor: int, currency: str) -> str:
    """Return an amount as text, such as 12800.50 CNY."""
    return f"{Decimal(amount_minor).scaleb(-EXPONENTS.get(currency, DEFAULT_EXPONENT)):f} {currency}"


def refuse_unknown_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise FieldError(
            "must be an ISO 4217 currency code, such as CNY (not RMB), USD or EUR",
            "应为 ISO 4217 币种代码，例如 CNY（不是 RMB）、USD 或 EUR",
        )
    return code


MinorUnits = Annotated[
    int,
    Field(ge=0, le=MAX_MINOR_UNITS, strict=True, description="Minor units: 1234 is 12.34 in most currencies."),
]
CURRENCY_PATTERN = "^[A-Z]{3}$"
CurrencyCode = Annotated[str, Field(pattern=CURRENCY_PATTERN, description="An ISO 4217 currency code.")]
KnownCurrency = Annotated[CurrencyCode, AfterValidator(refuse_unknown_currency)]
