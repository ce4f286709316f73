"""Values by tier."""

from typing import Final

# The key of all tiers that are not named.
OTHERS: Final = "others"
