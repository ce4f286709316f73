"""Values by tier."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.field_error import FieldError

# The key of all tiers that are not named.
OTHERS: Final = "others"
MAX_TIERS: Final = 50
MAX_DAYS: Final = 3_650
MAX_HOURS: Final = 24 * 365

Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Hours = Annotated[int, Field(ge=1, le=MAX_HOURS)]


def for_all_tiers(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return values by tier. Raises FieldError if there is none for other tiers."""
    if OTHERS not in values:
        raise FieldError("a value for `others` is missing", "缺少 `others` 的值")
    return values
