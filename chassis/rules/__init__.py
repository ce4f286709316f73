"""Work time and CEL expressions. Pure."""
