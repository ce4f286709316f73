"""How other systems name what they tell of."""

from chassis.command import Part
from contracts.types import Code, Word


class ExternalReference(Part):
    """The number under which another system knows this."""

    system: Code
    id: Word
