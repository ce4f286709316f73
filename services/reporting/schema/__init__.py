"""The database of the reporting service."""

from pathlib import Path

from chassis.migrate import CONSUME, Schema

SCHEMA = Schema(migrations=(CONSUME, Path(__file__).parent / "migrations"))
