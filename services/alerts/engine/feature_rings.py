"""Which rings of features a memory has: those that the rules count, and no others. Pure.

A customer that is merged into another one has none: they are with that one.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from msgspec.structs import replace

from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import Rings

Names = tuple[str, ...]


def has_all(facts: Facts, names: Names) -> bool:
    """Return whether the rings of the customer and of its duplicates are those of the features with these names."""
    is_own = facts.features == names or facts.merged_into is not None
    return is_own and (not facts.absorbed or all(each.features == names for each in facts.absorbed.values()))


def holders(customer_id: UUID, facts: Facts) -> Iterator[tuple[UUID, Facts]]:
    """Yield the customer and its duplicates, each with the facts that have its rings."""
    if facts.merged_into is None:
        yield customer_id, facts
    yield from facts.absorbed.items()


def with_rings(customer_id: UUID, facts: Facts, names: Names, found: Mapping[UUID, Facts]) -> Facts:
    """Return the facts with the rings of these features. `found` has what was not known, by customer."""
    if facts.absorbed:
        absorbed = {key: of_customer(each, names, found.get(key, Facts())) for key, each in facts.absorbed.items()}
        facts = replace(facts, absorbed=absorbed)
    return facts if facts.merged_into else of_customer(facts, names, found.get(customer_id, Facts()))


def of_customer(facts: Facts, names: Names, found: Facts) -> Facts:
    if facts.features == names:
        return facts
    dropped = set(facts.features).difference(names)
    rings: Rings = {name: ring for name, ring in facts.rings.items() if name not in dropped}
    failed = {name: each for name, each in facts.failed.items() if name not in dropped}
    return replace(facts, features=names, rings={**rings, **found.rings}, failed={**failed, **found.failed})
