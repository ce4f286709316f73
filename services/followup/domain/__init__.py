"""The rules of what this service owns: one file for each of contact, task and complaint."""

from chassis.commands.decider import RejectedError


def named(employee_id: str | None) -> str:
    """Return who is meant. The routes put the caller where nobody is named; without a caller, a name is needed."""
    if employee_id is None:
        raise RejectedError("employee-missing", "Say which employee is meant.", "请说明是哪位员工。")
    return employee_id
