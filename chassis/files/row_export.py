"""Writes a row of a file as the importer of the same columns reads it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from chassis.files.table import Column
from chassis.files.template import word_by_value


def exported_row(columns: Sequence[Column], values: Mapping[str, Any], zone: tzinfo, *, chinese: bool) -> list[str]:
    """Return the cells. `values` are by field. A value for which a column has no word is left out."""
    return [exported_cell(column, values[column.field], zone, chinese=chinese) for column in columns]


def exported_cell(column: Column, value: Any, zone: tzinfo, *, chinese: bool) -> str:
    if column.words:
        return word_by_value(column.words, chinese=chinese).get(value, "")
    match value:
        case None:
            return ""
        case datetime():
            # Files have seconds at most. The offset makes the time independent of the zone of the reader.
            return value.astimezone(zone).isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case _:
            return str(value)
