"""Whether an employee works for the company, and for which leader.

Configuration: the subject is the employee, not a customer (ADR 0008).
"""

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


class EmployeeLeaderChanged(Event):
    """An employee got another leader, or has none any more.

    The customers that the employee owns follow by `owner-assigned`, unless their leader was stated.
    """

    type: Literal["care.customer.employee-leader-changed.v1"] = "care.customer.employee-leader-changed.v1"
    employee_id: EmployeeId
    previous_leader_id: EmployeeId | None = None
    leader_id: EmployeeId | None = None


EmployeeEvent = EmployeeLeft | EmployeeReturned | EmployeeLeaderChanged
