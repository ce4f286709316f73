"""The employee field of commands."""

from typing import Annotated

from pydantic import Field

from contracts.types import EmployeeId

Employee = Annotated[EmployeeId | None, Field(description="An employee's id; the caller's own if absent.")]
