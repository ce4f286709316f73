"""Configuration that ships with the service: in force, or offered, before anybody publishes a version."""
