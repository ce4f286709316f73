"""Mode guards: contacts that do not fit where the customer stands, found and said."""
