"""The tiers of the schemes that the customer service ships: they count until a version of the scheme is published."""

DEFAULT = "default"
SHIPPED = {DEFAULT: ("vip", "growth", "ordinary"), "abc": ("a", "b", "c")}
