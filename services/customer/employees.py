"""Who can get a customer: employees who have not left."""

from chassis.commands.decider import RejectedError
from services.customer.queries import CustomerQueries


async def require_here(queries: CustomerQueries, *employee_ids: str | None) -> None:
    """Raise RejectedError if one of the employees has left."""
    if gone := await queries.left([each for each in employee_ids if each]):
        named = ", ".join(gone)
        raise RejectedError(
            "employee-left", f"Has left, and takes nothing over: {named}.", f"已离职，不能接手：{named}。"
        )
