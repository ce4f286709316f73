"""The command of `care` that shows the shipped configuration. It needs no running product."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel

from chassis.rules.calendars.shipped import SHIPPED as CALENDARS
from deploy.care import output
from deploy.care.options import Json, Spoken
from deploy.stack.text import Language, Text
from services.alerts.shipped import catalogue
from services.customer.shipped import tier_schemes
from services.followup.shipped import complaint_policy, plan_templates

KIND, NAME = Text("Kind", "种类"), Text("Name", "名称")
PARTS = Text("Tiers, steps, years, severities or parameters", "分层、步骤、年份、严重程度或参数")
KINDS = {
    "rule": Text("alert rule", "预警规则"),
    "contact-definition": Text("contact definition", "联系认定标准"),
    "ladder": Text("ladder of alerts", "预警升级阶梯"),
    "quiet-hours": Text("quiet hours of alerts", "预警免打扰时段"),
    "tier-scheme": Text("tier scheme", "分层方案"),
    "plan-template": Text("plan template", "跟进模板"),
    "calendar": Text("work calendar", "工作日历"),
    "complaint-policy": Text("complaint policy", "投诉政策"),
}
# What every version of a configuration has, and is no part of its content.
OF_A_VERSION = {"type", "number", "effective_from"}


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped definition. `parts` are the codes of what it consists of."""

    kind: str
    name: str
    parts: list[str]
    definition: Mapping[str, Any]


def show_shipped(as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Show the shipped rules, tier schemes, plan templates, calendars and complaint policy."""
    found = list(shipped())
    table = output.table(KIND, NAME, PARTS, whole=1)
    for each in found:
        table.add_row(output.spoken(KINDS[each.kind]), each.name, ", ".join(each.parts))
    output.show([asdict(each) for each in found], table, as_json=as_json)


def shipped() -> Iterator[Shipped]:
    """Yield all shipped definitions, by kind."""
    for each in catalogue.shipped():
        yield Shipped(each.kind, each.id, list(each.parameters), asdict(each))
    for scheme in tier_schemes.SCHEMES:
        yield Shipped("tier-scheme", scheme.name, [each.tier for each in scheme.tiers], content(scheme))
    for template in plan_templates.TEMPLATES:
        yield Shipped("plan-template", template.name, [each.name for each in template.steps], content(template))
    for calendar in CALENDARS.values():
        years = [str(each.year) for each in calendar.years]
        yield Shipped("calendar", calendar.name, years, content(calendar))
    policy = complaint_policy.SHIPPED
    severities = list(dict.fromkeys(str(each.severity) for each in policy.targets))
    yield Shipped("complaint-policy", "complaint-policy", severities, content(policy))


def content(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude=OF_A_VERSION, exclude_none=True)
