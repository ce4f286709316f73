"""The rules of a customer: which events follow from a command, and the state after an event."""

from dataclasses import replace

from chassis.commands.decider import Decider
from contracts import customer as events
from contracts.customer.merging import MergeEvent
from services.customer import commands
from services.customer.commands.merging import MergeCommand
from services.customer.domain import erasure, merging, ownership, people, record, tiers
from services.customer.domain.life import stage_changed
from services.customer.domain.market import market
from services.customer.domain.needs import need_stated
from services.customer.domain.record import not_registered, registered, stated
from services.customer.domain.references import reference_added, reference_leads_elsewhere, reference_reserved
from services.customer.domain.stages import LEGAL, STAGES_ZH
from services.customer.domain.state import Customer
from services.customer.domain.tags import tag_added, tag_removed

__all__ = ["CUSTOMER", "LEGAL", "STAGES_ZH", "Customer"]


def decide(customer: Customer, command: commands.AnyCommand) -> list[events.CustomerEvent]:
    """Return the events that result from `command`: none if it changes nothing."""
    if isinstance(command, MergeCommand):
        return merging.decide(customer, command)
    if isinstance(command, commands.EraseCustomer | commands.EraseKeyContact):
        return erasure.decide(customer, command)
    if customer.merged_into:
        return merging.decide_merged(customer, customer.merged_into, command)
    match command:
        case commands.Register() if customer.reserved_for:
            raise reference_leads_elsewhere()
        case commands.ReserveReference():
            return reference_reserved(customer, command)
        case _ if customer.is_erased:
            return erasure.rejected_as_erased(command)
        case commands.Register():
            return [*registered(customer, command), *stated(customer, command)]
        case _ if not customer.known:
            raise not_registered()
        case commands.Rename() | commands.ChangeProfile() | commands.ReviewProfile():
            return record.decide(customer, command)
        case commands.ChangeStage(stage=stage, reason=reason):
            return stage_changed(customer, stage, reason)
        case (
            commands.SetTier()
            | commands.ReleaseTier()
            | commands.ConfirmTier()
            | commands.RefuseTier()
            | commands.AssessTier()
        ):
            return tiers.decide(customer, command)
        case commands.AssignOwner() | commands.PassOn() | commands.ChangeLeader() | commands.FollowOwnersLeader():
            return ownership.decide(customer, command)
        case commands.AddHelper() | commands.RemoveHelper():
            return ownership.decide(customer, command)
        case commands.AddKeyContact() | commands.ChangeKeyContact() | commands.RemoveKeyContact():
            return people.decide(customer, command)
        case commands.AddReference():
            return reference_added(customer, command)
        case commands.TagCustomer():
            return tag_added(customer, command)
        case commands.RemoveTag(tag=tag):
            return tag_removed(customer, tag)
        case commands.StateNeed():
            return need_stated(customer, command)
        case commands.SeeCompetitor() | commands.MakeReferral() | commands.RecordNews():
            return market(customer, command)


def evolve(customer: Customer, event: events.CustomerEvent) -> Customer:
    """Apply one event. An event is never rejected: it has already happened."""
    if isinstance(event, MergeEvent):
        return merging.evolve(customer, event)
    match event:
        case events.Registered() | events.Renamed() | events.ProfileChanged() | events.ProfileReviewed():
            return record.evolve(customer, event)
        case events.StageChanged(stage=stage):
            return replace(customer, stage=stage)
        case (
            events.TierChanged()
            | events.TierHeld()
            | events.TierReleased()
            | events.TierProposed()
            | events.TierProposalRefused()
            | events.TierProposalLapsed()
        ):
            return replace(customer, tier_states=tiers.evolve(customer.tier_states, event))
        case events.OwnerAssigned(owner_id=owner_id, leader_id=leader_id):
            customer = replace(customer, owner_id=owner_id, helper_ids=customer.helper_ids - {owner_id})
            return replace(customer, leader_id=leader_id, is_leader_stated=event.is_leader_stated)
        case events.HelperAdded(employee_id=employee_id):
            return replace(customer, helper_ids=customer.helper_ids | {employee_id})
        case events.HelperRemoved(employee_id=employee_id):
            return replace(customer, helper_ids=customer.helper_ids - {employee_id})
        case events.KeyContactAdded() | events.KeyContactChanged() | events.KeyContactRemoved():
            return people.evolve(customer, event)
        case events.ReferenceAdded(external_system=system, external_id=number):
            return replace(customer, references=(*customer.references, (system, number)))
        case events.ReferenceReserved(customer_id=customer_id):
            return replace(customer, reserved_for=customer_id)
        case events.TagAdded(tag=tag):
            return replace(customer, tags=customer.tags | {tag})
        case events.TagRemoved(tag=tag):
            return replace(customer, tags=customer.tags - {tag})
        case events.NeedStated(need=need, status=status):
            return replace(customer, needs={**customer.needs, need: status})
        case events.CompetitorSeen() | events.NewsRecorded():
            return customer
        case events.ReferralMade(referred_customer_id=referred_id):
            return replace(customer, referred_ids=customer.referred_ids | ({referred_id} if referred_id else set()))
        case events.CustomerErased() | events.KeyContactErased():
            return erasure.evolve(customer, event)


CUSTOMER: Decider[Customer] = Decider(initial=Customer(), decide=decide, evolve=evolve)
