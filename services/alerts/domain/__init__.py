"""The rules of what people do with alerts and with rules."""
