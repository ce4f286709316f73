"""The database of the followup service."""

from pathlib import Path

from chassis.migrate import CONSUME, FILES, STORE, Schema

SCHEMA = Schema(migrations=(STORE, CONSUME, FILES, Path(__file__).parent / "migrations"))
