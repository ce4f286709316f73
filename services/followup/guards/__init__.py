"""Mode guards: they find contacts that do not fit the customer's stage."""
