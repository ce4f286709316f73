"""Shared code of the lists: sort keys, columns and values of rows, and visibility."""

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from chassis.http.paging import MAX_LIMIT
from chassis.postgres.visibility import customers_of, ids_of, visible

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Parameters of the statements: $1 is the reader, $4 the customer.
VISIBLE = visible("customer_id", "customer_ref", "$1")
OWN_CUSTOMERS = customers_of("customer_ref", "$1")
OF_CUSTOMER = ids_of("customer_ref", "$4::uuid")


class SortKey(NamedTuple):
    """The time and the id of the row after which a page begins."""

    at: datetime
    id: UUID


def columns_of(row_class: "type[DataclassInstance]") -> str:
    """Return the names of the row's columns. They come from our own classes, never from a request."""
    return ", ".join(field.name for field in fields(row_class))


def values_of(row: "DataclassInstance") -> dict[str, Any]:
    """Return a row's values by column, without the copies that `asdict` makes."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def one_more(limit: int) -> int:
    """Return how many rows to read, so that the caller can tell whether there are more than `limit`."""
    return min(limit, MAX_LIMIT) + 1
