"""Stream ids derived from the subject of the stream."""

from uuid import UUID

from chassis.store.pseudonym import Pseudonyms


def absences_of(employee_id: str, pseudonyms: Pseudonyms) -> UUID:
    """Return the stream of one employee's absences."""
    # In hex, because derived ids ignore case, and ids that differ only in case are different employees.
    return pseudonyms.derived("absences", employee_id.encode().hex())


def repeats_of(customer_id: UUID, pseudonyms: Pseudonyms) -> UUID:
    """Return the stream of one customer's repeated and escalated complaints."""
    return pseudonyms.derived("complaint-repeats", str(customer_id))


def guards_of(customer_id: UUID, pseudonyms: Pseudonyms) -> UUID:
    """Return the stream of the guards' findings about one customer."""
    return pseudonyms.derived("guards", str(customer_id))
