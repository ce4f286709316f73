"""The rules of a contact: it is logged once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from chassis.commands.decider import Decider
from contracts import followup as events
from services.followup import commands
from services.followup.commands.contact import attachment_name, field_name
from services.followup.domain import require_employee

Event = events.ContactLogged


@dataclass(frozen=True, slots=True)
class Contact:
    """Only what a later decision needs; everything else belongs in a read model."""

    logged: bool = False


def decide(contact: Contact, command: commands.LogContact) -> list[Event]:
    """Return the events that `command` causes: none if the contact is already logged."""
    match contact.logged, command:
        case True, commands.LogContact():
            return []
        case _, commands.LogContact():
            return [logged(command)]


def logged(command: commands.LogContact) -> events.ContactLogged:
    return events.ContactLogged(
        channel=command.channel,
        direction=command.direction,
        employee_id=require_employee(command.employee_id),
        automated=command.automated,
        purpose=command.purpose,
        outcome=command.outcome,
        content_ref=command.vault_ref("content"),
        task_id=command.task_id,
        goal_ref=command.vault_ref("goal"),
        sentiment=command.sentiment,
        key_contact_id=command.key_contact_id,
        attachments=tuple(attached(command)),
        next_step=command.next_step,
        next_step_due_at=command.next_step_due_at,
        form_number=command.form_number,
        fields=tuple(field_values(command)),
    )


def field_values(command: commands.LogContact) -> Iterator[events.FieldValue]:
    for each in command.fields:
        ref = command.vault_ref(field_name(each.name))
        yield events.FieldValue(name=each.name, value=None if ref else each.value, value_ref=ref)


def attached(command: commands.LogContact) -> Iterator[events.Attachment]:
    for number, each in enumerate(command.attachments, 1):
        if uri_ref := command.vault_ref(attachment_name(number)):
            yield events.Attachment(kind=each.kind, uri_ref=uri_ref)


def next_task_id(contact_id: UUID) -> UUID:
    """Return the id of the task for a contact's next step."""
    return uuid5(contact_id, "next-step")


def evolve(contact: Contact, event: Event) -> Contact:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.ContactLogged():
            return replace(contact, logged=True)


CONTACT: Decider[Contact] = Decider(initial=Contact(), decide=decide, evolve=evolve)
