"""The rules of a customer's needs."""

from chassis.commands.decider import RejectedError
from contracts import customer as events
from contracts.customer import NeedStatus
from services.customer import commands
from services.customer.domain.state import Customer

MAX_NEEDS = 200


def need_stated(customer: Customer, command: commands.StateNeed) -> list[events.CustomerEvent]:
    """A statement with a text is recorded each time; one without a text only if the status changes."""
    before = customer.needs.get(command.need)
    if before is None and command.status is not NeedStatus.OPEN:
        known = [need for need, status in customer.needs.items() if status is NeedStatus.OPEN]
        raise RejectedError(
            "need-unknown",
            f"This need is not recorded. Open needs: {', '.join(known) or 'none'}.",
            f"该需求尚未登记；未完成的需求：{'、'.join(known) or '无'}。",
            "need",
        )
    if before is None and len(customer.needs) >= MAX_NEEDS:
        raise RejectedError(
            "too-many-needs", f"A customer can have at most {MAX_NEEDS} needs.", f"每个客户最多 {MAX_NEEDS} 项需求。"
        )
    if before is command.status and command.text is None:
        return []
    return [events.NeedStated(need=command.need, status=command.status, text_ref=command.vault_ref("text"))]
