"""Values by tier."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.field_error import FieldError

# The key of all tiers that are not named.
OTHERS: Final = "others"


def for_all_tiers(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return values by tier. Raises FieldError if there is none for other tiers."""
    if OTHERS not in values:
        raise FieldError("a value for `others` is missing", "缺少 `others` 的值")
    return values
