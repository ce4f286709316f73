"""What a caller asks for: checked once at the edge, with its personal words set aside for the vault."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, PrivateAttr

from chassis.store.vault import VaultEntry
from contracts.event import Origin
from contracts.types import Instant


class Part(BaseModel):
    """Part of a request: checked at the edge, unknown fields refused, nothing of it repeated in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Command(Part):
    """A request to a domain. Fields named in `PRIVATE` are personal or free text: events hold `ref(field)` only."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset()
    _words_id: UUID = PrivateAttr(default_factory=uuid4)

    def private(self) -> dict[str, str]:
        """Return the personal words of this command, each under a name of its own."""
        return {name: words for name in sorted(self.PRIVATE) if (words := getattr(self, name)) is not None}

    def ref(self, name: str) -> UUID | None:
        """Return where the words named `name` will stand in the vault; None where there are none."""
        return self._place(name) if name in self.private() else None

    def words(self, subject: UUID) -> list[VaultEntry]:
        """Return the vault entries of this command, belonging to the customer `subject`."""
        return [VaultEntry(self._place(name), subject, name, words) for name, words in self.private().items()]

    def _place(self, name: str) -> UUID:
        return uuid5(self._words_id, name)


class FactCommand(Command):
    """A command that may tell of something past: `occurred_at` is when it happened, now if absent."""

    occurred_at: Instant | None = None

    def tells_of(self) -> Sequence[datetime | None]:
        """Return the instants at which, by this command, something has happened: none of them may lie ahead."""
        return (self.occurred_at,)


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, under which key, on whose behalf. `key` is scoped to caller and route; it makes a retry safe."""

    key: str
    actor: str
    correlation_id: str
    now: datetime
    request_hash: bytes = b""
    retryable: bool = True
    causation_id: UUID | None = None
    traceparent: str | None = None
    origin: Origin | None = field(default=None)
