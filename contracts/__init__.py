"""What services may know of each other: events, envelope, topics. Imports pydantic only."""
