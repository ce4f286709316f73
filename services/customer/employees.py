"""Who can be given a customer: those who still work here."""

from chassis.commands.decider import RejectedError
from services.customer.queries import CustomerQueries


async def require_here(queries: CustomerQueries, *employee_ids: str | None) -> None:
    """Raise RejectedError for anybody who has left."""
    if gone := await queries.left([each for each in employee_ids if each]):
        named = ", ".join(gone)
        raise RejectedError(
            "employee-left", f"Has left, and takes nothing over: {named}.", f"已离职，不能接手：{named}。"
        )
