"""All operations of all services from the committed OpenAPI documents, with a valid request for each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

from contracts.examples import LEADER, OWNER
from services import openapi

JSON = "application/json"
CSV = "text/csv"
ABSENT_DAYS, FAR_OFF = count(), date(2150, 1, 1)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
MONEY = {"amount_minor": 1234, "currency": "CNY"}
TERM = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", **MONEY}
# A valid body for each request schema. A body contains all nested objects that its schema allows.
BODIES: dict[str, dict[str, Any]] = {
    "Register": {
        "name": "上海腾云",
        "external": {"system": "crm", "id": "KH-0001"},
        "tier": {"tier": "vip"},
        "profile": {"industry": "retail"},
    },
    "ChangeStage": {"stage": "new"},
    "SetTier": {"tier": "vip"},
    "ReleaseTier": {},
    "Segment": {"en": "VIP", "zh": "重点", "filter": {"tier": "vip"}},
    "ConfirmTier": {},
    "RefuseTier": {},
    "TierScheme": {"decision": "by-hand", "tiers": [{"tier": "all", "en": "All", "zh": "全部"}]},
    "AssignOwner": {"owner_id": OWNER, "leader_id": LEADER},
    "StartHandover": {"to_owner_id": "E9001"},
    "StartHandoverBatch": {"from_owner_id": "E8009", "to_owner_ids": ["E9001"]},
    "AbsorbDuplicate": {"duplicate_id": "01900000-0000-7000-8000-0000000000d1"},
    "MarkDistinct": {"other_id": "01900000-0000-7000-8000-0000000000d1"},
    "AcceptHandover": {},
    "WithdrawHandover": {},
    "ChangeProfile": {"profile": {"industry": "retail"}},
    "KeyContact": {"name": "吴敏", "dates": [{"kind": "birthday", "month": 2, "day": 29}]},
    "StateNeed": {"need": "upgrade"},
    "Erase": {"reason": "asked-by-person"},
    "AddHelper": {"employee_id": "E8002"},
    "AddTag": {"tag": "vip-care"},
    "TagVocabulary": {"tags": [{"code": "vip-care", "en": "VIP care", "zh": "专属关怀"}]},
    "AddReference": {"reference": {"system": "erp", "id": "100217"}},
    "Employee": {"name": "李敏"},
    "LogContact": {
        "channel": "phone",
        "direction": "inbound",
        "attachments": [{"kind": "offer", "uri": "https://files.example/1"}],
        "purpose": "visit",
        "fields": [{"name": "visitors", "value": 2}],
    },
    "ContactForm": {"fields": [{"name": "visitors", "kind": "number"}]},
    "SeeCompetitor": {"competitor": "cloud-b"},
    "RecordNews": {"topic": "new-project"},
    "Rename": {"name": "上海腾云科技集团"},
    "ReviewProfile": {},
    "MakeReferral": {},
    "PlaceOrder": {"external": {"system": "erp", "id": "SO-1"}, **MONEY},
    "DeliverOrder": {},
    "CancelOrder": {"reason": "paid-too-late"},
    "OpenQuote": {"external": {"system": "crm", "id": "Q-1"}, **MONEY},
    "IssueQuote": {"amount_minor": 900, "currency": "CNY"},
    "CompareQuote": {},
    "SignContract": {"external": {"system": "erp", "id": "HT-1"}, **TERM},
    "StateRenewalIntent": {"intent": "yes"},
    "RenewContract": TERM,
    "EndContract": {"reason": "not-renewed"},
    "ScheduleTask": {"due_at": TOMORROW},
    "Reschedule": {"due_at": TOMORROW},
    "Complete": {},
    "Cancel": {},
    "Raise": {"channel": "phone"},
    "Answer": {},
    "Confirm": {},
    "Close": {},
    "AssignComplaint": {"owner_id": OWNER},
    "Pause": {"reason": "waits-for-customer"},
    "SendSurvey": {"survey": "after-service", "kind": "csat"},
    "AnswerSurvey": {"score": 4},
    "PublishSurveyPolicy": {
        "survey": "after-service",
        "kind": "nps",
        "after": [{"event": "care.followup.complaint-closed.v1"}],
    },
    "Reclassify": {"severity": "low", "reason": "one-user"},
    "PublishComplaintPolicy": {
        "targets": [{"severity": "low", "answer_minutes": 60, "resolve_minutes": 900}],
        "consent_workdays": 7,
        "assignments": [{"category": "delivery", "assign": "receiver"}],
    },
    "Resume": {},
    "Communicate": {"channel": "phone"},
    "Reopen": {"reason": "came-back"},
    "PlanTemplate": {
        "starts_on": [{"event": "care.followup.complaint-closed.v1"}],
        "steps": [{"name": "ask", "offset": 3, "purpose": "care"}],
    },
    "Absence": {"first_day": "2190-01-01", "last_day": "2190-01-03"},
    "ClosedDays": {"days": ["2190-01-04"], "reason": "stocktaking"},
    "WorkTimes": {
        "week": [[{"start": 540, "end": 1080}], [], [], [], [], [], []],
        "made_up": [],
        "years": [{"year": 2028, "status": "provisional"}],
    },
}
CSV_OF = {
    "customer": "客户名称\n杭州云栖\n",
    "followup": "跟进客户,跟进时间,状态,负责人员\n杭州云栖,2024-06-01,已完成,李敏\n",
}


def next_absence() -> dict[str, str]:
    """Return an absence that does not overlap another one."""
    day = (FAR_OFF + timedelta(days=next(ABSENT_DAYS))).isoformat()
    return {"first_day": day, "last_day": day}


def once() -> dict[str, str]:
    """Return a new idempotency key, because a rejected request may have been processed."""
    return {"idempotency-key": f"once-{uuid4()}"}


@dataclass(frozen=True, slots=True)
class Operation:
    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = document(self.service)["paths"][self.path][self.method.lower()]
        return found

    @property
    def content(self) -> dict[str, Any]:
        """Return the schema of the body by content type; empty if there is none."""
        given = self.described.get("requestBody", {}).get("content", {})
        return {kind: body["schema"] for kind, body in given.items()}

    @property
    def body_schema(self) -> str | None:
        """Return the name of the schema of its JSON body."""
        return name_of(self.content[JSON]) if JSON in self.content else None

    @property
    def body(self) -> dict[str, Any]:
        return BODIES[self.body_schema] if self.body_schema else {}

    @property
    def queries(self) -> list[str]:
        return [each["name"] for each in self.described.get("parameters", ()) if each["in"] == "query"]

    def address(self, things: Mapping[str, str]) -> str:
        return self.path.format_map(things)


@cache
def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi.committed(service).read_text())
    return found


def operations() -> list[Operation]:
    return [
        Operation(service, method.upper(), path)
        for service in openapi.SERVICES
        for path, methods in document(service)["paths"].items()
        for method in methods
    ]


def name_of(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def schema_of(service: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document(service)["components"]["schemas"][name]
    return found


def references(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that `schema` refers to itself."""
    match schema:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            for part in schema.values():
                yield from references(part)
        case list():
            for part in schema:
                yield from references(part)
        case _:
            return


def objects_within(service: str, name: str) -> dict[str, dict[str, Any]]:
    """Return `name` and every object schema that it refers to, directly or indirectly."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        schema = schema_of(service, each)
        if each not in found and schema.get("type") == "object":
            found[each] = schema
            waiting += references(schema)
    return found
