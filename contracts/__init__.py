"""The contracts between the services: events, envelope and topics. Imports pydantic, and msgspec for the structs."""
