"""The rules of the followup service, one module for each kind of stream."""

from chassis.commands.decider import RejectedError


def require_employee(employee_id: str | None) -> str:
    """Return the employee; raise RejectedError if there is none. Routes fill in the caller."""
    if employee_id is None:
        raise RejectedError("employee-missing", "Name the employee.", "请指明员工。")
    return employee_id
