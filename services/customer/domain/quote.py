"""The rules of a quote: requested, issued, issued again, and compared any number of times."""

from dataclasses import dataclass, replace

from chassis.commands.decider import Decider, RejectedError
from contracts import customer as events
from services.customer import commands

Event = events.QuoteEvent


@dataclass(frozen=True, slots=True)
class Quote:
    """The state that later decisions need; read models hold everything else."""

    amount: tuple[int, str] | None = None


def decide(quote: Quote | None, command: commands.QuoteCommand) -> list[Event]:
    """Return the events that result from `command`: none if it changes nothing."""
    match quote, command:
        case None, commands.OpenQuote():
            return [opened(command)]
        case None, _:
            raise RejectedError("quote-unknown", "This quote is not recorded.", "该报价尚未登记。")
        case Quote(), commands.OpenQuote(amount_minor=int() as amount, currency=str() as currency):
            return issued(quote, amount, currency)
        case Quote(), commands.OpenQuote():
            return []
        case Quote(), commands.IssueQuote(amount_minor=amount, currency=currency):
            return issued(quote, amount, currency)
        case Quote(amount=None), commands.CompareQuote():
            raise RejectedError(
                "quote-not-issued",
                "Only an issued quote can be compared. Issue it first.",
                "报价发出之后才能比价，请先发出报价。",
            )
        case Quote(), commands.CompareQuote(competitor=competitor):
            return [events.QuoteCompared(competitor=competitor)]


def opened(command: commands.OpenQuote) -> Event:
    named = command.external
    fields = {
        "external_system": named.system if named else None,
        "external_id": named.id if named else None,
        "category": command.category,
    }
    if command.amount_minor is None:
        return events.QuoteRequested.model_validate(fields)
    return events.QuoteIssued.model_validate(
        {**fields, "amount_minor": command.amount_minor, "currency": command.currency}
    )


def issued(quote: Quote, amount: int, currency: str) -> list[Event]:
    if quote.amount == (amount, currency):
        return []
    return [events.QuoteIssued(amount_minor=amount, currency=currency)]


def evolve(quote: Quote | None, event: Event) -> Quote | None:
    """Apply one event. An event is never rejected: it has already happened."""
    match event:
        case events.QuoteRequested():
            return Quote()
        case events.QuoteIssued(amount_minor=amount, currency=currency):
            return replace(quote or Quote(), amount=(amount, currency))
        case events.QuoteCompared():
            return quote


QUOTE: Decider[Quote | None] = Decider(initial=None, decide=decide, evolve=evolve)
