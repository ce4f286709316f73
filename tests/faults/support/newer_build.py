"""A newer build of the customer service: its projection writes one more column, and no longer uses another one."""

import sys
from dataclasses import MISSING, field, fields, make_dataclass, replace
from typing import Any

from chassis.postgres.rows import Rows
from services.customer.domain import customer_row
from services.customer.projection import customers, likeness, search
from tests.faults.support.worker import main

NEW, OLD = "written_by", "influence"


def later_row() -> type[Any]:
    kept = [each for each in fields(customer_row.CustomerRow) if each.name != OLD]
    columns = [(each.name, each.type, spec(each.default, each.default_factory)) for each in kept]
    return make_dataclass("LaterRow", [*columns, (NEW, str, field(default="later"))], frozen=True, slots=True)


def spec(default: Any, factory: Any) -> Any:
    if factory is not MISSING:
        return field(default_factory=factory)
    return field() if default is MISSING else field(default=default)


def use_later_rows() -> None:
    """Replace the row class of the list by one with the column `written_by`."""
    row, project = later_row(), customer_row.project
    added: dict[str, Any] = {NEW: "later"}
    rows = Rows("customer", row, "customer_id")
    customer_row.CustomerRow = row  # type: ignore[misc]
    for module in (customers, likeness, search):
        vars(module)["CUSTOMERS"] = rows
    customer_row.PROFILE = customer_row.PROFILE - {OLD}
    vars(customer_row)["project"] = lambda known, envelope: replace(project(known, envelope), **added)


if __name__ == "__main__":
    use_later_rows()
    main(*sys.argv[1:])
