"""The rules of a customer's numbers in other systems: each belongs to one customer."""

from chassis.commands.decider import RejectedError
from contracts import customer as events
from services.customer import commands
from services.customer.domain.state import Customer

MAX_REFERENCES = 50
LEADS_ELSEWHERE = "reference-leads-elsewhere"


def reference_added(customer: Customer, command: commands.AddReference) -> list[events.CustomerEvent]:
    reference = command.reference.system, command.reference.id
    if reference in customer.references:
        return []
    if len(customer.references) >= MAX_REFERENCES:
        raise RejectedError(
            "too-many-references",
            f"A customer can have at most {MAX_REFERENCES} numbers in other systems.",
            f"每个客户最多 {MAX_REFERENCES} 个外部编号。",
        )
    return [events.ReferenceAdded(external_system=reference[0], external_id=reference[1])]


def reference_reserved(holder: Customer, command: commands.ReserveReference) -> list[events.CustomerEvent]:
    """Decide for the stream of the number: it is empty, or a customer was registered under the number."""
    if holder.reserved_for == command.customer_id:
        return []
    if holder.known or holder.reserved_for:
        raise RejectedError(
            "reference-taken",
            "This number already belongs to another customer.",
            "该外部编号已属于另一个客户。",
            "reference",
        )
    return [
        events.ReferenceReserved(
            external_system=command.reference.system,
            external_id=command.reference.id,
            customer_id=command.customer_id,
        )
    ]


def first_reference(event: events.Registered) -> tuple[tuple[str, str], ...]:
    return ((event.external_system, event.external_id),) if event.external_system and event.external_id else ()


def reference_leads_elsewhere() -> RejectedError:
    return RejectedError(
        LEADS_ELSEWHERE, "This number belongs to a registered customer.", "该外部编号属于已登记的客户。"
    )
