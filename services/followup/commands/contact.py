"""What can be asked about contacts."""

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

RUN_BY_BROWSERS = frozenset({"data", "javascript", "vbscript"})


def refuse_what_browsers_run(uri: str) -> str:
    """Who opens an attachment must not be made to run it."""
    if uri.partition(":")[0].casefold() in RUN_BY_BROWSERS:
        raise FieldError("an address that a browser would run is not kept", "不保存浏览器会执行的地址")
    return uri


Uri = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NOTE, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"),
    Printable,
    AfterValidator(refuse_what_browsers_run),
]


class AttachmentGiven(RequestModel):
    """Something that belongs to a contact and is kept elsewhere: what it is, and where."""

    kind: Code
    uri: Uri


class FieldGiven(RequestModel):
    """What a contact says in a field that the form for its purpose has."""

    name: Code
    value: StrictBool | StrictInt | StrictFloat | Note


class LogContact(FactCommand):
    """Record that somebody spoke with the customer. An `automated` touch is one that nobody made.

    A `next_step` becomes a follow-up task of whoever made the contact, due at `next_step_due_at`.
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
    attachments: Annotated[tuple[AttachmentGiven, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    next_step: Code | None = None
    next_step_due_at: Instant | None = None
    fields: Annotated[tuple[FieldGiven, ...], Field(max_length=MAX_FIELDS)] = ()
    _form: ContactFormPublished | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _next_step_has_a_time(self) -> Self:
        if (self.next_step is None) != (self.next_step_due_at is None):
            missing = "next_step_due_at" if self.next_step else "next_step"
            raise FieldError(
                "next_step and next_step_due_at come together", "next_step 与 next_step_due_at 须同时提供", missing
            )
        return self

    def under(self, form: ContactFormPublished | None) -> Self:
        """Return the same, said under a version of the form for its purpose."""
        said = self.model_copy()
        said._form = form  # noqa: SLF001 - of its own kind
        return said

    @property
    def form_number(self) -> int | None:
        return self._form.number if self._form else None

    def personal_data(self) -> dict[str, str]:
        attached = {attachment_name(number): each.uri for number, each in enumerate(self.attachments, 1)}
        said = {field_name(each.name): str(each.value) for each in self.fields if self._is_private(each)}
        return super().personal_data() | attached | said

    def _is_private(self, given: FieldGiven) -> bool:
        """A text may name anybody, and so may whatever no form speaks of."""
        known = {field.name: field for field in self._form.fields} if self._form else {}
        field = known.get(given.name)
        return field is None or field.personal or field.kind is FieldKind.TEXT

    def following(self) -> Schedule | None:
        """Return the task that the next step asks for."""
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
