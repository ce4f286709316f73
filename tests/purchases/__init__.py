"""Real purchases, imported into the product."""
