"""The database of the alerts service."""

from pathlib import Path

from chassis.migrate import CONSUME, STORE, Schema

SCHEMA = Schema(migrations=(STORE, CONSUME, Path(__file__).parent / "migrations"))
