"""The contracts between the services: events, envelope and topics. Imports only pydantic."""
