"""One step of a handover batch: hands one customer over, ends help, or changes the leader."""

from chassis.commands.command import Command, Context
from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import MovedError, RejectedError
from chassis.commands.result import ConflictError
from chassis.store.event_store import EventStore
from chassis.store.pseudonym import Pseudonyms
from services.customer import commands
from services.customer.domain import Customer
from services.customer.domain.erasure import require_kept
from services.customer.domain.handover import Handover, owner_changed
from services.customer.domain.record import not_registered
from services.customer.employees import Employees
from services.customer.handovers.checklists import Checklists
from services.customer.handovers.outcomes import Item, ItemResult, Outcome
from services.customer.projection.handover_batches import HandoverBatchRow


class BatchSteps:
    """A step that is repeated under the same key appends nothing new."""

    def __init__(
        self,
        store: EventStore,
        customers: CommandHandler[Customer],
        handovers: CommandHandler[Handover],
        checklists: Checklists,
        employees: Employees,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._store = store
        self._customers = customers
        self._handovers = handovers
        self._checklists = checklists
        self._employees = employees
        self._pseudonyms = pseudonyms

    async def run(self, batch: HandoverBatchRow, item: Item, context: Context) -> ItemResult:
        """Return the outcome; after a lost race it is WAITING, and the item is tried again."""
        try:
            return ItemResult(item, await self._run(batch, item, context))
        except RejectedError as refusal:
            return ItemResult.refused(item, refusal)
        except ConflictError:
            return ItemResult(item, Outcome.WAITING)

    async def _run(self, batch: HandoverBatchRow, item: Item, context: Context) -> Outcome:
        from_id = str(batch.from_owner_id)
        match item.kind:
            case "helped":
                await self._handle(item, commands.EndHelp(employee_id=from_id), context)
                return Outcome.HELP_ENDED
            case "led":
                command = commands.ChangeLeader(from_leader_id=from_id, leader_id=item.to_owner_id)
                await self._handle(item, command, context)
                return Outcome.LEADER_CHANGED
            case _:
                return await self._hand_over(batch, item, str(item.to_owner_id), context)

    async def _handle(self, item: Item, command: Command, context: Context) -> None:
        await self._customers.handle(item.customer_id, command, context)

    async def _hand_over(self, batch: HandoverBatchRow, item: Item, to_owner_id: str, context: Context) -> Outcome:
        """Start the customer's handover. If nobody has to accept it, the owner changes in the same append.

        A merged duplicate has no handover of its own: its owner changes at once.
        """
        customer_id, outcome = item.customer_id, Outcome.BEGUN if batch.waits_for_acceptance else Outcome.PASSED_ON
        customer = (await self._customers.load(customer_id)).state
        if customer.merged_into and not batch.customer_ids:
            await self._pass_on(batch, item, to_owner_id, context)
            return Outcome.PASSED_ON
        if await self._store.answer(context.key):
            return outcome
        await self._employees.require_present("to_owner_ids", to_owner_id)
        from_owner_id = current_owner(batch, customer)
        leader_id = await self._employees.leader_of(to_owner_id)
        checklist = await self._checklists.of([customer_id, *customer.duplicate_ids], context.now)
        begin = commands.BeginHandover(
            request=commands.StartHandover(to_owner_id=to_owner_id, to_leader_id=leader_id, reason=batch.reason),
            from_owner_id=from_owner_id,
            checklist=checklist.items,
            contracts=checklist.contracts,
            batch_id=batch.batch_id,
            is_leader_stated=False,
            is_accepted=not batch.waits_for_acceptance,
        )
        pass_on = commands.PassOn(from_owner_id=from_owner_id, owner_id=to_owner_id, leader_id=leader_id)
        linked = [] if batch.waits_for_acceptance else [self._customers.linked(customer_id, pass_on)]
        stream_id = self._pseudonyms.derived("handover", str(customer_id))
        await self._handovers.handle(stream_id, begin, context, subject=customer_id, linked=linked)
        return outcome

    async def _pass_on(self, batch: HandoverBatchRow, item: Item, to_owner_id: str, context: Context) -> None:
        await self._employees.require_present("to_owner_ids", to_owner_id)
        leader_id = await self._employees.leader_of(to_owner_id)
        pass_on = commands.PassOn(from_owner_id=batch.from_owner_id, owner_id=to_owner_id, leader_id=leader_id)
        await self._handle(item, pass_on, context)


def current_owner(batch: HandoverBatchRow, customer: Customer) -> str | None:
    """Return the present owner; raise RejectedError if the batch may not hand the customer over."""
    if not customer.known:
        raise not_registered()
    if customer.merged_into:
        raise MovedError(customer.merged_into)
    require_kept(customer)
    if batch.customer_ids and batch.led_by not in {None, customer.leader_id}:
        raise led_by_another()
    if customer.owner_id != batch.from_owner_id and (batch.from_owner_id or not batch.customer_ids):
        raise owner_changed(customer.owner_id)
    return customer.owner_id


def led_by_another() -> RejectedError:
    return RejectedError("led-elsewhere", "You can hand over only customers that you lead.", "只能交接由您主管的客户。")
