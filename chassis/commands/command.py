"""Commands: validated requests, whose personal data goes to the vault, and the context in which they run."""

from collections.abc import Generator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict

from chassis.store.vault import VaultEntry
from contracts.event import Origin
from contracts.types import Instant


class RequestModel(BaseModel):
    """A request body or a part of one: unknown fields are rejected, and errors do not repeat the input."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Command(RequestModel):
    """A command. Fields in `PRIVATE` hold personal data: it goes to the vault; events hold only `vault_ref(field)`."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset()

    @cached_property
    def vault_id(self) -> UUID:
        """The namespace of the ids of this command's vault entries."""
        return uuid4()

    def __iter__(self) -> Generator[tuple[str, Any], None, None]:
        """Yield the fields, for `dict(command)`; pydantic would yield the cached id as well."""
        for name in type(self).model_fields:
            yield name, getattr(self, name)

    def personal_data(self) -> dict[str, str]:
        """Return the personal data of this command by field name."""
        return {name: text for name in sorted(self.PRIVATE) if (text := getattr(self, name)) is not None}

    def vault_ref(self, name: str) -> UUID | None:
        """Return the id of the vault entry for the field `name`; None if the field is empty."""
        return self._entry_id(name) if name in self.personal_data() else None

    def vault_entries(self, subject: UUID) -> list[VaultEntry]:
        """Return the vault entries of this command, about the customer `subject`."""
        return [VaultEntry(self._entry_id(name), subject, name, text) for name, text in self.personal_data().items()]

    def _entry_id(self, name: str) -> UUID:
        return uuid5(self.vault_id, name)


class FactCommand(Command):
    """A command that may record a past event: `occurred_at` is when it happened; the default is now."""

    occurred_at: Instant | None = None

    def occurrence_times(self) -> Mapping[tuple[str, ...], datetime | None]:
        """Return all instants at which something happened according to this command, by their places in it.

        None of them may be in the future.
        """
        return {("occurred_at",): self.occurred_at}


class Context(NamedTuple):
    """Who sends a command and why. `key` is the idempotency key, unique per caller and route.

    Without `retryable`, a command that changes nothing stores no response. With `expires`, the key is kept for
    RETENTION (chassis.store.retention), else for ever.
    """

    key: str
    actor: str
    correlation_id: str
    now: datetime
    request_hash: bytes = b""
    retryable: bool = True
    expires: bool = False
    causation_id: UUID | None = None
    traceparent: str | None = None
    origin: Origin | None = None
