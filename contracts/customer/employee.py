"""Whether an employee works for the company. Configuration: the subject is the employee, not a customer (ADR 0008)."""

from typing import Literal

from contracts.event import Event
from contracts.types import EmployeeId


class EmployeeLeft(Event):
    """An employee has left the company: no customer, task or complaint can be assigned to this employee any more."""

    type: Literal["care.customer.employee-left.v1"] = "care.customer.employee-left.v1"
    employee_id: EmployeeId


class EmployeeReturned(Event):
    """An employee who had left works for the company again."""

    type: Literal["care.customer.employee-returned.v1"] = "care.customer.employee-returned.v1"
    employee_id: EmployeeId


EmployeeEvent = EmployeeLeft | EmployeeReturned
