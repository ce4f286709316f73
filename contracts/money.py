"""Amounts of money: an integer of minor units and an ISO 4217 currency code."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.field_error import FieldError

# Larger than any order, and below 2**53, so every JSON parser reads it exactly.
MAX_MINOR_UNITS = 10**15
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
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


def minor_units(text: str, currency: str) -> int:
    """Parse an amount such as 12,800.50 into minor units. Raises FieldError, which does not repeat the text."""
    plain = text.strip().replace(",", "").replace("，", "")
    exponent = EXPONENTS.get(currency, DEFAULT_EXPONENT)
    if not AMOUNT.fullmatch(plain):
        raise FieldError("This is not an amount. Write it like 12800.50.", "不是可识别的金额，例如 12800.50。")
    scaled = Decimal(plain).scaleb(exponent)
    if scaled != int(scaled):
        raise FieldError(f"{currency} has {exponent} decimal places.", f"{currency} 有 {exponent} 位小数。")
    return int(scaled)


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
