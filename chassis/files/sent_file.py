"""A file as it was sent."""

from dataclasses import dataclass

from chassis.files.table import FILE_SYSTEM


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a kind, with the employee who sent it.

    `system` is the system whose numbers the file states, for rows that name none. `sheet` is the sheet to read; without
    it, the first visible one with all required columns is read.
    """

    kind: str
    content: bytes
    content_type: str
    sent_by: str
    system: str = FILE_SYSTEM
    sheet: str | None = None
