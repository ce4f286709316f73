"""The command to log a contact."""

from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, Field, PrivateAttr, StrictBool, StrictFloat, StrictInt, model_validator

from chassis.commands.command import FactCommand, RequestModel
from contracts.field_error import FieldError
from contracts.followup import Channel, ContactFormPublished, Direction, FieldKind, Sentiment
from contracts.followup.contact_form import MAX_FIELDS
from contracts.types import MAX_NOTE, Code, Instant, Note, Printable
from services.followup.commands.employee import Employee
from services.followup.commands.task import Schedule

MAX_ATTACHMENTS = 20

SCRIPT_SCHEMES = frozenset({"data", "javascript", "vbscript"})


def refuse_script_uri(uri: str) -> str:
    """Reject URIs that a browser would execute when a user opens the attachment."""
    if uri.partition(":")[0].casefold() in SCRIPT_SCHEMES:
        raise FieldError("URIs that a browser would execute are not allowed", "不允许浏览器会执行的地址")
    return uri


Uri = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NOTE, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"),
    Printable,
    AfterValidator(refuse_script_uri),
]


class AttachmentInput(RequestModel):
    """A file of a contact, stored elsewhere: its kind and its URI."""

    kind: Code
    uri: Uri


class FieldInput(RequestModel):
    """The value of one field of the contact form."""

    name: Code
    value: StrictBool | StrictInt | StrictFloat | Note


class LogContact(FactCommand):
    """Record an interaction with the customer. `automated` means that no employee made it.

    A `next_step` becomes a follow-up task of the same employee, due at `next_step_due_at`.
    """

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content", "goal"})

    channel: Channel
    direction: Direction
    employee_id: Employee = None
    automated: bool = False
    purpose: Code | None = None
    outcome: Code | None = None
    content: Note | None = None
    task_id: UUID | None = None
    goal: Note | None = None
    sentiment: Sentiment | None = None
    key_contact_id: UUID | None = None
    attachments: Annotated[tuple[AttachmentInput, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    next_step: Code | None = None
    next_step_due_at: Instant | None = None
    fields: Annotated[tuple[FieldInput, ...], Field(max_length=MAX_FIELDS)] = ()
    _form: ContactFormPublished | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _next_step_has_a_time(self) -> Self:
        if (self.next_step is None) != (self.next_step_due_at is None):
            missing = "next_step_due_at" if self.next_step else "next_step"
            raise FieldError(
                "next_step and next_step_due_at must be given together",
                "next_step 与 next_step_due_at 须同时提供",
                missing,
            )
        return self

    def with_form(self, form: ContactFormPublished | None) -> Self:
        """Return the same command with a version of the form for its purpose."""
        copied = self.model_copy()
        copied._form = form  # noqa: SLF001 - a copy of its own
        return copied

    @property
    def form_number(self) -> int | None:
        return self._form.number if self._form else None

    def personal_data(self) -> dict[str, str]:
        attached = {attachment_name(number): each.uri for number, each in enumerate(self.attachments, 1)}
        values = {field_name(each.name): str(each.value) for each in self.fields if self._is_private(each)}
        return super().personal_data() | attached | values

    def _is_private(self, value: FieldInput) -> bool:
        """A text, or a field that is not in the form, may contain personal data."""
        known = {field.name: field for field in self._form.fields} if self._form else {}
        field = known.get(value.name)
        return field is None or field.personal or field.kind is FieldKind.TEXT

    def next_task(self) -> Schedule | None:
        """Return the command that schedules the next step; None if there is none."""
        if self.next_step_due_at is None:
            return None
        return Schedule(
            assignee_id=self.employee_id,
            due_at=self.next_step_due_at,
            purpose=self.next_step,
            occurred_at=self.occurred_at,
        )


def attachment_name(number: int) -> str:
    return f"attachment-{number}"


def field_name(name: str) -> str:
    return f"field-{name}"
