"""Amounts of money: whole minor units and the code of a currency, never a fraction."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.unfit import UnfitError

# More than any order, and still exact in every reader of JSON.
MAX_MINOR_UNITS = 10**15
# ISO 4217, as of 2024: what is in use. An event keeps whatever code was in use when it was recorded.
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
LISTED = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
CURRENCIES = frozenset(LISTED.split())


# How many minor units one unit has, as a power of ten; 2 where nothing is said.
WHOLE_ONLY = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
IN_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS = {**dict.fromkeys(WHOLE_ONLY.split(), 0), **dict.fromkeys(IN_THOUSANDTHS.split(), 3)}
USUAL_EXPONENT = 2


def minor_units(text: str, currency: str) -> int:
    """Read an amount as people write it, such as 12,800.50. Raises ValueError, which does not repeat the text."""
    plain = text.strip().replace(",", "").replace("，", "")
    exponent = EXPONENTS.get(currency, USUAL_EXPONENT)
    if not AMOUNT.fullmatch(plain):
        raise UnfitError("This is not an amount; write it like 12800.50.", "不是可识别的金额，例如 12800.50。")
    scaled = Decimal(plain).scaleb(exponent)
    if scaled != int(scaled):
        raise UnfitError(f"{currency} has {exponent} decimal places.", f"{currency} 有 {exponent} 位小数。")
    return int(scaled)


def written(amount_minor: int, currency: str) -> str:
    """Return an amount as people write it, such as 12800.50 CNY."""
    return f"{Decimal(amount_minor).scaleb(-EXPONENTS.get(currency, USUAL_EXPONENT)):f} {currency}"


def refuse_unknown_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise UnfitError(
            "not a code of ISO 4217, such as CNY (not RMB), USD or EUR",
            "应为 ISO 4217 币种代码，例如 CNY（不是 RMB）、USD 或 EUR",
        )
    return code


MinorUnits = Annotated[
    int,
    Field(ge=0, le=MAX_MINOR_UNITS, strict=True, description="Whole minor units: 1234 is 12.34 of most currencies."),
]
CURRENCY_PATTERN = "^[A-Z]{3}$"
CurrencyCode = Annotated[str, Field(pattern=CURRENCY_PATTERN, description="A code of ISO 4217.")]
KnownCurrency = Annotated[CurrencyCode, AfterValidator(refuse_unknown_currency)]
