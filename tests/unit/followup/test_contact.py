"""A contact in examples: given these facts, when asked this, then that."""

from contracts.examples import OWNER, TASK_ID, example
from contracts.followup import Channel, ContactLogged, Direction
from services.followup.commands import LogContact
from services.followup.domain.contact import CONTACT
from tests.support.spec import Spec

contact = Spec(CONTACT)

call = LogContact(channel=Channel.PHONE, direction=Direction.OUTBOUND, employee_id=OWNER, content="谈了续签")


def test_a_contact_is_logged_with_its_words_left_in_the_vault() -> None:
    contact.given().when(call).then(
        ContactLogged(
            channel=Channel.PHONE,
            direction=Direction.OUTBOUND,
            employee_id=OWNER,
            content_ref=call.ref("content"),
        )
    )


def test_a_contact_says_what_it_was_for_and_what_came_of_it() -> None:
    asked = LogContact(
        channel=Channel.EMAIL,
        direction=Direction.INBOUND,
        employee_id=OWNER,
        automated=True,
        purpose="quote",
        outcome="reached",
        task_id=TASK_ID,
    )
    contact.given().when(asked).then(
        ContactLogged(
            channel=Channel.EMAIL,
            direction=Direction.INBOUND,
            employee_id=OWNER,
            automated=True,
            purpose="quote",
            outcome="reached",
            task_id=TASK_ID,
        )
    )


def test_logging_a_contact_twice_records_nothing_new() -> None:
    contact.given(example(ContactLogged)).when(call).then()


def test_a_contact_that_nobody_made_is_refused() -> None:
    contact.given().when(call.model_copy(update={"employee_id": None})).then_rejected("employee-missing")
