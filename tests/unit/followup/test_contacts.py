"""What the list of contacts shows after an event."""

from contracts.examples import CUSTOMER_ID, OWNER, TASK_ID, example, example_envelope
from contracts.followup import ContactLogged
from services.followup.projection.contacts import project


def test_a_contact_is_listed_with_its_task() -> None:
    row = project(None, example_envelope(example(ContactLogged)))

    assert (row.customer_id, row.task_id, row.employee_id) == (CUSTOMER_ID, TASK_ID, OWNER)
