"""Which customers look like duplicates: names, phones and numbers, compared as keyed digests. Pure."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from chassis.store.pseudonym import Pseudonyms
from services.customer.search.names import folded

# What says how a company is organised, and nothing of which one it is; the longer ones first.
FORMS = (
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "集团", "公司",
    "companylimited", "coltd", "limited", "gmbh", "corp", "ltd", "inc", "llc",
)  # fmt: skip
SHORTEST_NEAR, LONGEST_NEAR = 4, 16


class Reason(StrEnum):
    """What two customers have in common."""

    NAME = "name"
    SIMILAR_NAME = "similar-name"
    PHONE = "phone"
    NUMBER = "number"


KINDS = list(Reason)
# How sure, of a hundred, each reason makes alone.
WEIGHTS = {Reason.NAME: 70, Reason.SIMILAR_NAME: 45, Reason.PHONE: 80, Reason.NUMBER: 60}


def core(name: str) -> str:
    """Return a company's name without width, case, signs and legal form: 上海腾云有限公司 is 上海腾云."""
    key = folded(name)
    form = next((form for form in FORMS if key.endswith(form) and key != form), "")
    return key.removesuffix(form)


def near(key: str) -> Iterator[str]:
    """Yield what a name shares with each that differs from it by one character: itself, with one left out."""
    if SHORTEST_NEAR <= len(key) <= LONGEST_NEAR:
        yield key
        yield from (key[:place] + key[place + 1 :] for place in range(len(key)))


def tokens(name: str | None, phones: Iterable[str], numbers: Iterable[str], pseudonyms: Pseudonyms) -> list[int]:
    """Return the digests; each says in its last two bits what it is a digest of."""
    key = core(name) if name else ""
    told = [
        *((Reason.NAME, each) for each in [key] if each),
        *((Reason.SIMILAR_NAME, each) for each in near(key)),
        *((Reason.PHONE, phone) for phone in phones),
        *((Reason.NUMBER, folded(number)) for number in numbers),
    ]
    return sorted({token(kind, text, pseudonyms) for kind, text in told})


def token(kind: Reason, text: str, pseudonyms: Pseudonyms) -> int:
    return pseudonyms.token(f"alike-{kind}", text) & ~3 | KINDS.index(kind)


def reasons(shared: Iterable[int]) -> list[Reason]:
    """Return what the digests that two have in common say, the surest first; the same name is no similar one."""
    found = {KINDS[each & 3] for each in shared}
    if Reason.NAME in found:
        found.discard(Reason.SIMILAR_NAME)
    return sorted(found, key=lambda reason: -WEIGHTS[reason])


def score(because: Iterable[Reason]) -> int:
    """Return how sure these make together, of a hundred."""
    doubt = 1.0
    for reason in because:
        doubt *= 1 - WEIGHTS[reason] / 100
    return round(100 * (1 - doubt))
