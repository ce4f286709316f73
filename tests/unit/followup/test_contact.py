"""A contact in examples: given these facts, when asked this, then that."""

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.examples import CUSTOMER_ID, DUE_AT, KEY_CONTACT_ID, OWNER, TASK_ID, example
from contracts.followup import Attachment, Channel, ContactLogged, Direction, Sentiment
from services.followup.commands import LogContact, Schedule
from services.followup.commands.contact import MAX_ATTACHMENTS, AttachmentInput
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
            content_ref=call.vault_ref("content"),
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


def test_a_contact_says_how_it_went_and_what_comes_next() -> None:
    asked = LogContact(
        channel=Channel.VISIT,
        direction=Direction.OUTBOUND,
        employee_id=OWNER,
        goal="谈成续签",
        sentiment=Sentiment.POSITIVE,
        key_contact_id=KEY_CONTACT_ID,
        attachments=(AttachmentInput(kind="recording", uri="file:///r1.m4a"),),
        next_step="send-contract",
        next_step_due_at=DUE_AT,
    )
    uri_ref = asked.vault_ref("attachment-1")
    assert uri_ref
    contact.given().when(asked).then(
        ContactLogged(
            channel=Channel.VISIT,
            direction=Direction.OUTBOUND,
            employee_id=OWNER,
            goal_ref=asked.vault_ref("goal"),
            sentiment=Sentiment.POSITIVE,
            key_contact_id=KEY_CONTACT_ID,
            attachments=(Attachment(kind="recording", uri_ref=uri_ref),),
            next_step="send-contract",
            next_step_due_at=DUE_AT,
        )
    )
    assert {(entry.field, entry.value) for entry in asked.vault_entries(CUSTOMER_ID)} == {
        ("goal", "谈成续签"),
        ("attachment-1", "file:///r1.m4a"),
    }


def test_the_next_step_is_a_task_of_whoever_made_the_contact() -> None:
    asked = call.model_copy(update={"next_step": "visit", "next_step_due_at": DUE_AT})
    following = asked.next_task()
    assert following
    assert following.model_dump() == Schedule(assignee_id=OWNER, due_at=DUE_AT, purpose="visit").model_dump()
    assert call.next_task() is None


@pytest.mark.parametrize("half", [{"next_step": "visit"}, {"next_step_due_at": DUE_AT}])
def test_a_next_step_and_its_time_come_together(half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must be given together"):
        LogContact(channel=Channel.PHONE, direction=Direction.OUTBOUND, **half)


def test_a_contact_takes_only_so_many_attachments() -> None:
    one = AttachmentInput(kind="photo", uri="file:///1.jpg")
    with pytest.raises(ValidationError, match="at most"):
        LogContact(channel=Channel.PHONE, direction=Direction.OUTBOUND, attachments=(one,) * (MAX_ATTACHMENTS + 1))


def test_logging_a_contact_twice_records_nothing_new() -> None:
    contact.given(example(ContactLogged)).when(call).then()


def test_a_contact_that_nobody_made_is_refused() -> None:
    contact.given().when(call.model_copy(update={"employee_id": None})).then_rejected("employee-missing")


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_an_attachment_that_a_browser_would_run_is_refused(uri: str) -> None:
    with pytest.raises(ValidationError, match="browser"):
        AttachmentInput(kind="photo", uri=uri)
