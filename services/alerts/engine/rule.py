"""A rule: data over one shape. A rule book: the rules in force."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr

from contracts import customer
from contracts.alerts import AlertSeverity
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Code
from services.alerts.engine.shapes import Condition
from services.alerts.engine.tiers import OTHERS, for_all_tiers
from services.alerts.engine.words import Words
from services.alerts.engine.zone import BUSINESS_ZONE

# These change the mode, the tier, the addressee, or whether a customer is watched at all.
OF_EVERY_RULE: Final = frozenset(
    {
        customer.Registered,
        customer.StageChanged,
        customer.TierChanged,
        customer.OwnerAssigned,
        customer.CustomerErased,
        customer.Merged,
        customer.Unmerged,
    }
)


class Rule(BaseModel):
    """A rule. `title` says what is wrong. `severities` are by tier; `others` is for all other tiers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Code
    version: int = Field(ge=1)
    title: Words
    severities: Annotated[Mapping[str, AlertSeverity], AfterValidator(for_all_tiers)]
    condition: Condition

    def severity(self, tier: str | None) -> AlertSeverity:
        return self.severities.get(tier or OTHERS, self.severities[OTHERS])


def distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if len({rule.id for rule in rules}) < len(rules):
        raise FieldError("two rules have the same id", "两条规则的编号相同")
    return rules


class RuleBook(BaseModel):
    """The rules in force. `zone` is the business zone of the times in summaries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _hearing: dict[type[Event], tuple[Rule, ...]] = PrivateAttr(default_factory=dict)
    zone: str = BUSINESS_ZONE
    rules: Annotated[tuple[Rule, ...], AfterValidator(distinct)]

    def hearing(self, event: Any) -> tuple[Rule, ...]:
        """Return the rules that an event may concern."""
        kind = type(event)
        if (found := self._hearing.get(kind)) is None:
            found = tuple(each for each in self.rules if kind in OF_EVERY_RULE or kind in each.condition.hears())
            self._hearing[kind] = found
        return found

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule in force with this id, if there is one."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
