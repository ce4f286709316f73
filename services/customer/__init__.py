"""Who the customer is, whose it is, and where in life it stands."""
