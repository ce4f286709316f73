"""The rules of a customer's name and profile."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chassis.commands.decider import RejectedError
from chassis.rules.comparison import is_name_of, names_after
from contracts import customer as events
from contracts.customer import Kind, Stage
from contracts.customer.record import RecordEvent
from services.customer import commands
from services.customer.domain.life import stage_changed
from services.customer.domain.ownership import assigned_if_present
from services.customer.domain.references import first_reference
from services.customer.domain.state import Customer
from services.customer.domain.tiers import OFFERED, tier_set

NAME_DIFFERS = "name-differs"
KNOWN = frozenset(commands.Profile.model_fields)


def decide(
    customer: Customer, command: commands.Rename | commands.ChangeProfile | commands.ReviewProfile
) -> list[events.CustomerEvent]:
    match command:
        case commands.Rename():
            return renamed(customer, command)
        case commands.ChangeProfile(profile=profile, clear=clear):
            return profile_changed(customer, profile, clear)
        case commands.ReviewProfile():
            return [events.ProfileReviewed()]


def evolve(customer: Customer, event: RecordEvent) -> Customer:
    match event:
        case events.Registered(kind=kind):
            return replace(named(customer, event), kind=kind, references=first_reference(event))
        case events.Renamed():
            return named(customer, event)
        case events.ProfileChanged():
            return replace(customer, profile=profile_after(customer.profile, event))
        case events.ProfileReviewed():
            return customer


def named(customer: Customer, event: events.Registered | events.Renamed) -> Customer:
    keys = tuple(names_after(customer.name_keys, event.name))
    return replace(customer, name=event.name, name_ref=event.name_ref, name_keys=keys)


def registered(customer: Customer, command: commands.Register) -> list[events.CustomerEvent]:
    if customer.known:
        return []
    return [
        events.Registered(
            kind=command.kind,
            name=command.name,
            name_ref=command.vault_ref("person_name"),
            external_system=command.external.system if command.external else None,
            external_id=command.external.id if command.external else None,
            source=command.source,
        )
    ]


def stated(customer: Customer, command: commands.Register) -> list[events.CustomerEvent]:
    """Return the events for the other fields of a registration. The first stated stage needs no legal transition."""
    found = [*name_stated(customer, command), *profile_changed(customer, profile_stated(customer, command))]
    if command.tier:
        scheme, tier = command.tier.scheme, command.tier.tier
        offered = command.offered if isinstance(command, commands.RegisterInTier) else OFFERED.get(scheme, ())
        found += tier_set(customer, scheme, tier, offered)
    if command.owner_id:
        is_new, is_stated = command.owner_id != customer.owner_id, command.leader_id is not None
        leader_id = command.leader_id or (command.entry.owners_leader if is_new else None)
        leavers = command.entry.leavers
        found += assigned_if_present(customer, command.owner_id, leader_id, leavers, is_stated=is_stated)
    if command.stage and not customer.known and command.stage is not Stage.NEW:
        found.append(events.StageChanged(previous=Stage.NEW, stage=command.stage, reason="stated-at-entry"))
    elif command.stage and customer.known:
        found += stage_changed(customer, command.stage, "stated-by-source")
    return found


def name_stated(customer: Customer, command: commands.Register) -> list[events.CustomerEvent]:
    """Reject a name that a known company never had, unless the command renames it. A person's name is not compared."""
    led_by = command.entry.led_by
    if not customer.name_keys or command.name in (None, customer.name) or is_name_of(led_by, command.name):
        return []
    if command.rename:
        return [events.Renamed(name=command.name)]
    if is_name_of(customer.name_keys, command.name):
        return []
    raise RejectedError(
        NAME_DIFFERS,
        "This number belongs to a company of another name. Correct the number or the name, or ask to rename.",
        "该编号属于另一名称的公司。请更正编号或名称，或注明要更名。",
        "name",
    )


def profile_stated(customer: Customer, command: commands.Register) -> commands.Profile:
    """Return the profile without a last contact of a day on which, or after which, a contact is known already."""
    known, began_at = customer.profile.last_contacted_at, command.entry.contact_day_began_at
    if known is None or began_at is None or known < began_at:
        return command.profile
    return command.profile.model_copy(update={"last_contacted_at": None})


def renamed(customer: Customer, command: commands.Rename) -> list[events.CustomerEvent]:
    """A person's name is not compared: the rules do not see personal data."""
    if (customer.kind is Kind.COMPANY) != (command.name is not None):
        raise RejectedError(
            "named-otherwise",
            "Use `name` for a company and `person_name` for a person.",
            "公司客户请填写 `name`，个人客户请填写 `person_name`。",
            "name" if command.name is not None else "person_name",
        )
    if command.name and command.name == customer.name:
        return []
    return [events.Renamed(name=command.name, name_ref=command.vault_ref("person_name"))]


def profile_changed(
    customer: Customer, profile: commands.Profile, clear: Sequence[str] = ()
) -> list[events.CustomerEvent]:
    """Return what changes. An earlier last contact than the known one changes nothing; clear that one to correct it."""
    known = customer.profile
    stated = ((name, getattr(profile, name)) for name in profile.model_fields_set)
    changes = {name: value for name, value in stated if value not in (None, getattr(known, name))}
    if is_earlier(profile.last_contacted_at, customer.profile.last_contacted_at):
        changes.pop("last_contacted_at", None)
    cleared = tuple(name for name in dict.fromkeys(map(str, clear)) if getattr(known, name) is not None)
    return [events.ProfileChanged(**changes, cleared=cleared)] if changes or cleared else []


def profile_after(profile: commands.Profile, event: events.ProfileChanged) -> commands.Profile:
    changes = {name: value for name, value in event.changes().items() if name in KNOWN}
    if is_earlier(event.last_contacted_at, profile.last_contacted_at):
        del changes["last_contacted_at"]
    return profile.model_copy(update=changes)


def is_earlier(stated: datetime | None, known: datetime | None) -> bool:
    return stated is not None and known is not None and stated < known


def not_registered() -> RejectedError:
    return RejectedError("customer-unknown", "This customer is not registered.", "该客户尚未登记。")
