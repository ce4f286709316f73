"""How the product is brought to run: the local stack, containers, and what they need."""
