"""Every field of every request body, and the result of sending a value in it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from chassis.http.problems import MEDIA_TYPE
from contracts.examples import OWNER
from contracts.types import clean
from services.request_examples import DUE_AT, REQUEST_EXAMPLES
from tests.security.operations import JSON, Operation, name_of, operations, schema_of
from tests.security.world import COMMERCE, World
from tests.support.waiting import eventually

CREATING = [each for each in operations() if each.body_schema]
# The response field with the sent value, if it has another name.
# The reason of a withdrawal is next to the reason of the handover.
READ_OTHERWISE: dict[str, dict[str, str | None]] = {
    "WithdrawHandover": {"reason": "note"},
    "Comment": {"text": None},
    "Snooze": {"reason": "snooze_reason", "until": None},
    "Mute": {"reason": None, "until": None},
    "HandleAlerts": {"items": None},
}
READ_AS = {"person_name": "name", "id": "external_id", "system": "external_system", "occurred_at": None}
TELLING = ("type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "enum", "$ref", "items")
# These two must be sent together.
NEXT_STEP = {"next_step": "visit", "next_step_due_at": DUE_AT}
MARK = "\x00here\x00"
NUMBER = count(1)
LISTED_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Field:
    """The location of a field in the body of an operation."""

    operation: Operation
    place: tuple[str, ...]
    kind: str

    def __str__(self) -> str:
        return f"{self.operation} {'/'.join(self.place)}"


def leaves(
    service: str, schema: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the location and kind of each field of a body."""
    for name, field in schema["properties"].items():
        choices = field.get("anyOf", [field])
        inner = [each for each in choices if "$ref" in each]
        objects = [found for each in inner if (found := schema_of(service, name_of(each)))["type"] == "object"]
        if objects:
            yield from leaves(service, objects[0], (*above, name))
        else:
            told = [
                {key: each[key] for key in TELLING if key in each} for each in choices if each.get("type") != "null"
            ]
            yield (*above, name), json.dumps(told)


FIELDS = [
    Field(operation, place, kind)
    for operation in CREATING
    for place, kind in leaves(operation.service, schema_of(operation.service, str(operation.body_schema)))
]


async def verdict(world: World, field: Field, address: str, written: str) -> str:
    """Send `written`, which is JSON, in the field and return the result; "wrong" must never occur."""
    response = await send(world, field.operation, address, body_with(field.operation, field.place, written))
    if response.is_success:
        return await kept(world, field, response, json.loads(written))
    if not response.is_client_error or response.headers["content-type"] != MEDIA_TYPE:
        return f"wrong: {response.status_code} {response.text}"
    problem = response.json()
    rules = sorted({error["rule"] for error in problem.get("errors", ())})
    # A domain rule has read the value, so the value itself is acceptable. Some name the field.
    is_read = response.status_code == 409 or rules == ["employee-unknown"]
    return "taken" if is_read else " ".join([problem["code"], *rules])


async def address_of(world: World, operation: Operation) -> str:
    """Return an address with an existing resource for the operation."""
    things = dict(world.things)
    if "{employee_id}" in operation.path:
        things["employee_id"] = f"E{next(NUMBER)}"
    if "{absence_id}" in operation.path:
        things["absence_id"] = await world.new_absence(things["employee_id"])
    if "{code}" in operation.path:
        things["code"] = await world.new_invitation()
    if operation.body_schema in {"RuleShadow", "RulePublication", "RuleRetirement"}:
        things |= await world.new_rule()
    if operation.body_schema == "RuleDraft":
        # Fields are tried side by side, and a rule has one draft.
        things["rule"] = f"rule-{next(NUMBER)}"
    if "{segment}" in operation.path:
        things["segment"] = f"segment-{next(NUMBER)}"
    if "{task_id}" in operation.path:
        things["task_id"] = await world.new_task()
    if "{complaint_id}" in operation.path:
        steps = {"confirmation": ["answer"], "closure": ["answer", "confirmation"]}
        steps |= {"communication": ["answer"], "reopening": ["answer", "confirmation"]}
        things["complaint_id"] = await world.new_complaint(*steps.get(operation.path.rpartition("/")[2], []))
    if (noun := operation.path.split("/")[2].removesuffix("s")) in COMMERCE:
        things |= await world.new_commerce(noun)
    if operation.service == "customer" and "{customer_id}" in operation.path:
        things["customer_id"] = await world.made("customer", "/v1/customers", {"name": "珠海香洲"})
    if "/handover/" in operation.path:
        things["customer_id"] = await world.new_handover()
    if "{key_contact_id}" in operation.path:
        things["key_contact_id"] = await world.new_key_contact(customer_id=things["customer_id"])
    return operation.address(things)


def body_with(operation: Operation, place: tuple[str, ...], written: str) -> bytes:
    """Return the sample body with `written` inserted unchanged in one place."""
    body: dict[str, Any] = deepcopy(REQUEST_EXAMPLES[str(operation.body_schema)])
    if "external" in body:
        body["external"] = {"system": f"s{next(NUMBER)}", "id": "1"}
    if operation.body_schema == "AddReference":
        body["reference"] = {"system": f"s{next(NUMBER)}", "id": f"{next(NUMBER)}"}
    if place[-1] == "leader_id" and operation.body_schema != "Employee":
        body["owner_id"] = OWNER
    if place[-1] == "person_name":
        body |= {"kind": "person"} if operation.body_schema == "Register" else {}
        del body["name"]
    if place[-1] == "to_leader_id" and operation.body_schema == "StartHandoverBatch":
        # Who leaves is followed as a leader.
        body["leaves"] = True
    if place[-1] == "team" and operation.body_schema == "ScheduleTask":
        body["assign"] = "round-robin"
    if place[-1] in NEXT_STEP:
        body = {**body, **NEXT_STEP}
    if place[-1] == "purpose":
        # Another purpose has a form of its own.
        body.pop("fields", None)
    target = body
    for name in place[:-1]:
        target = target.setdefault(name, {})
    target[place[-1]] = MARK
    return json.dumps(body).replace(json.dumps(MARK), written).encode("utf-8", "surrogatepass")


async def send(world: World, operation: Operation, address: str, content: bytes) -> httpx.Response:
    headers = {"content-type": JSON}
    return await world.ask(operation.service, operation.method, address, content=content, headers=headers)


async def kept(world: World, field: Field, response: httpx.Response, sent: Any) -> str:
    """Return "taken" if the sent value is read back, a text without what shows nothing; or if it cannot be read."""
    sent = clean(sent)
    names = READ_AS | READ_OTHERWISE.get(str(field.operation.body_schema), {})
    name = names.get(field.place[-1], field.place[-1])
    address = response.headers.get("location")
    # Previews and validations store nothing; an answer for many items has no address.
    if name is None or sent is None or field.operation.path.endswith(("/preview", "/validation", "/import", "/bulk")):
        return "taken"
    if address is None:
        return "taken" if response.json()[name] == sent else f"wrong: {response.text}"

    async def read() -> Any:
        view = (await world.ask(field.operation.service, "GET", address)).json()
        if field.operation.body_schema == "Segment":
            return {**view, **view["filter"]}[name]
        if name == "tier" and "tiers" in view:
            return view["tiers"].get("default")
        if name == "scheme" and field.operation.body_schema == "SetTier":
            return next(iter(view["tiers"]), None)
        if field.operation.body_schema == "AddReference":
            return view["references"][-1][field.place[-1]] if field.place[0] == "reference" else sent
        if field.operation.body_schema == "Answer":
            return view["answers"][-1] if name == "content" else sent
        if field.operation.body_schema == "Complete" and name == "employee_id":
            return view["completed_by"]
        return view.get(name, sent)

    async def same() -> bool:
        return alike(await read(), sent)

    if name.startswith("external_"):
        with suppress(TimeoutError):
            await eventually(same, within=LISTED_WITHIN_SECONDS)
    return "taken" if await same() else f"wrong: {await read()!r}"


def alike(read: Any, sent: Any) -> bool:
    """Return whether the value read equals the value sent; times and ids may be written in another form."""
    if read == sent:
        return True
    try:
        return datetime.fromisoformat(read) == datetime.fromisoformat(sent.upper())
    except (AttributeError, TypeError, ValueError):
        pass
    try:
        return UUID(read) == UUID(sent)
    except (AttributeError, TypeError, ValueError):
        return False
