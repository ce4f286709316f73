"""Days of persons that come back each year, told some days ahead."""

from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.types import Code, Day


class ImportantDateApproaching(Event):
    """A date of this kind of a key contact falls `on` this day; by which calendar it comes back is not told."""

    type: Literal["care.customer.important-date-approaching.v1"] = "care.customer.important-date-approaching.v1"
    key_contact_id: UUID
    kind: Code
    on: Day


DateEvent = ImportantDateApproaching
