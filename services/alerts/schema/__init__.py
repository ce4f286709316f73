"""The database of the alerts service."""

from pathlib import Path

from chassis.migrate import CONSUME, FACTS, STORE, Schema

SCHEMA = Schema(migrations=(STORE, CONSUME, FACTS, Path(__file__).parent / "migrations"))
