"""The database of the reporting service, and the views that BI tools read."""

from pathlib import Path

from chassis.migrate import CONSUME, FACTS, Schema
from chassis.postgres.views import Views

HERE = Path(__file__).parent
SCHEMA = Schema(migrations=(CONSUME, FACTS, HERE / "migrations"), views=Views("bi", HERE / "views"))
