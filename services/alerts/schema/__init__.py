"""The database of the alerts service."""

from pathlib import Path

from chassis.migrate import CONSUME, FACTS, STORE, Schema

HERE = Path(__file__).parent
SCHEMA = Schema(migrations=(STORE, CONSUME, FACTS, HERE / "migrations"))
