"""The search for customers: the index, its tokens, and the strategy of a query."""
