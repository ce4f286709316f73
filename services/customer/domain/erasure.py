"""The rules of erasure, and which commands an erased customer refuses."""

from dataclasses import replace

from chassis.commands.decider import GoneError, MovedError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.people import unknown
from services.customer.domain.record import not_registered
from services.customer.domain.state import Customer


def decide(
    customer: Customer, command: commands.EraseCustomer | commands.EraseKeyContact
) -> list[events.CustomerEvent]:
    match command:
        case _ if not customer.known:
            raise not_registered()
        case commands.EraseCustomer(survivor_id=survivor_id) if customer.merged_into not in {None, survivor_id}:
            raise MovedError(customer.merged_into)
        case _ if customer.is_erased:
            return []
        case commands.EraseCustomer(reason=reason):
            return [events.CustomerErased(reason=reason)]
        case commands.EraseKeyContact(key_contact_id=key) if key in customer.erased_people:
            return []
        case commands.EraseKeyContact(key_contact_id=key) if key not in customer.personal_data_refs:
            raise unknown()
        case commands.EraseKeyContact(key_contact_id=key, reason=reason):
            refs = sorted(customer.personal_data_refs[key])
            return [events.KeyContactErased(key_contact_id=key, reason=reason, word_refs=tuple(refs))]


def evolve(customer: Customer, event: events.ErasureEvent) -> Customer:
    match event:
        case events.CustomerErased():
            return replace(customer, is_erased=True, name_ref=None, key_contacts={}, personal_data_refs={})
        case events.KeyContactErased(key_contact_id=gone):
            return replace(
                customer,
                key_contacts={key: contact for key, contact in customer.key_contacts.items() if key != gone},
                personal_data_refs={key: refs for key, refs in customer.personal_data_refs.items() if key != gone},
                erased_people=customer.erased_people | {gone},
            )


def require_kept(customer: Customer) -> None:
    """Raise GoneError if the customer was erased."""
    if customer.is_erased:
        raise erased()


def rejected_as_erased(command: commands.AnyCommand) -> list[events.CustomerEvent]:
    """Raise GoneError, except for the assessment of tiers, which runs for every customer."""
    if isinstance(command, commands.AssessTier):
        return []
    raise erased()


def erased() -> GoneError:
    return GoneError(
        "customer-erased",
        "The personal data of this customer was erased. If the customer returns, register them again.",
        "该客户的个人信息已被删除；若其再次成为客户，请重新登记。",
    )
