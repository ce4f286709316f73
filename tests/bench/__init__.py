"""How fast the pieces are, each against a floor measured in the same run. Not collected by pytest."""
