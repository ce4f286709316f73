"""What is owed besides tasks and answers: the renewal of a contract, a first quote, the conclusion of a complaint."""

from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from contracts import customer, followup
from contracts.customer import RenewalIntent
from contracts.event import Envelope
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.owed_items import Items, OwedItem, settled

CONTRACT: Final = "contract"
QUOTE: Final = "quote"
CONCLUSION: Final = "conclusion"
# The events that begin, change or settle what is owed here.
OF_CONTRACT = (
    customer.ContractSigned,
    customer.ContractRenewed,
    customer.ContractEnded,
    customer.RenewalIntentStated,
)
OF_QUOTE = (customer.QuoteRequested, customer.QuoteIssued)
CONCLUDING = (
    followup.ComplaintCommunicated,
    followup.ComplaintConfirmed,
    followup.ComplaintConsented,
    followup.ComplaintClosed,
    followup.ComplaintReopened,
)


def terms_after(terms: Items, envelope: Envelope[Any], occurrence: Occurrence) -> Items:
    """Return what is owed after an event. Each term of a contract is an item of its own."""
    match envelope.event:
        case customer.ContractSigned() | customer.ContractRenewed():
            return with_term(terms, envelope, occurrence)
        case customer.ContractEnded():
            return all_settled(terms, CONTRACT, envelope.stream_id, occurrence)
        case customer.RenewalIntentStated(intent=intent):
            return with_intent(terms, envelope.stream_id, intent, occurrence)
        case customer.QuoteRequested():
            return {**terms, key_of(QUOTE, envelope.stream_id): begun(QUOTE, envelope.stream_id, occurrence)}
        case customer.QuoteIssued():
            return all_settled(terms, QUOTE, envelope.stream_id, occurrence)
        case followup.ComplaintAnswered(employee_id=employee_id):
            item = replace(begun(CONCLUSION, envelope.stream_id, occurrence), employee_id=employee_id)
            return {**terms, key_of(CONCLUSION, envelope.stream_id): item}
        case _ if isinstance(envelope.event, CONCLUDING):
            return all_settled(terms, CONCLUSION, envelope.stream_id, occurrence)
        case _:
            return terms


def with_term(terms: Items, envelope: Envelope[Any], occurrence: Occurrence) -> Items:
    """Settle the earlier term of a contract, and begin the next one, if it has an end."""
    event, contract_id = envelope.event, envelope.stream_id
    intent = event.renewal_intent if isinstance(event, customer.ContractSigned) else RenewalIntent.UNKNOWN
    terms = all_settled(terms, CONTRACT, contract_id, occurrence)
    if event.ends_on is None:
        return terms
    agreed = occurrence if intent is RenewalIntent.YES else None
    item = replace(begun(CONTRACT, contract_id, occurrence), due_on=event.ends_on, agreed=agreed)
    return {**terms, f"{key_of(CONTRACT, contract_id)}|{occurrence.cause}": item}


def with_intent(terms: Items, contract_id: UUID, intent: RenewalIntent, occurrence: Occurrence) -> Items:
    agreed = occurrence if intent is RenewalIntent.YES else None
    return {
        key: replace(item, agreed=agreed) if item.concerns_id == contract_id and item.kind == CONTRACT else item
        for key, item in terms.items()
    }


def all_settled(terms: Items, kind: str, concerns_id: UUID, occurrence: Occurrence) -> Items:
    """Settle all open items of one kind about one thing."""
    for key in [key for key, item in terms.items() if item.kind == kind and item.concerns_id == concerns_id]:
        terms = settled(terms, key, occurrence)
    return terms


def begun(kind: str, concerns_id: UUID, occurrence: Occurrence) -> OwedItem:
    return OwedItem(concerns_id, occurrence, "", kind=kind)


def key_of(kind: str, concerns_id: UUID) -> str:
    return f"{kind}|{concerns_id}"
