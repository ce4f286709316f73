"""A valid example of every request body. OpenAPI shows them, and the tests send them to the services."""

from typing import Any

from contracts.examples import ALERT_ID, LEADER, OWNER

DUE_AT = "2030-01-15T09:00:00+08:00"
MONEY = {"amount_minor": 1234, "currency": "CNY"}
TERM = {"starts_on": "2024-01-01", "ends_on": "2024-12-31", **MONEY}
RULE = {
    "title": {"en": "No quote after a need", "zh": "提出需求后没有报价"},
    "description": {"en": "Nobody quoted within a week", "zh": "一周内没有报价"},
    "severities": {"others": "warning"},
    "condition": {"shape": "silence", "signals": ["quote"], "after": "need", "days": {"follow-up": {"others": 7}}},
    "care": {"hours": 24},
}
# By request schema. A body contains all nested objects that its schema allows.
REQUEST_EXAMPLES: dict[str, dict[str, Any]] = {
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
    "RuleContent": {"definition": RULE},
    "RuleImport": {
        "yaml": (
            "rules:\n  need-without-quote:\n    title: {en: No quote after a need, zh: 提出需求后没有报价}\n"
            "    severities: {others: warning}\n"
            "    condition: {shape: silence, signals: [quote], after: need, days: {follow-up: {others: 7}}}\n"
        ),
        "reason": "The rules of the other region",
    },
    "RuleDraft": {"definition": RULE, "reason": "Quotes were late in May"},
    "RuleShadow": {"draft": 1, "reason": "To see how often it opens"},
    "RulePublication": {
        "draft": 1,
        "preview": "the preview of the same definition",
        "backlog": "digest",
        "reason": "A month in shadow was useful",
    },
    "PublishLadder": {
        "rungs": [{"after_minutes": 0, "whom": "owner"}, {"after_minutes": 30, "whom": "leader"}],
        "reason": "Leaders asked to be told earlier",
    },
    "PublishQuietHours": {
        "windows": [{"start": 1_260, "end": 480}, {"start": 0, "end": 1_440, "days": "days-off"}],
        "ignored_by": ["critical"],
        "reason": "The works council asked for it",
    },
    "PublishContactDefinition": {
        "outcomes": ["left-message", "not-reached"],
        "accounts": ["E0001"],
        "reason": "A message that was left is no contact",
    },
    "RuleRetirement": {"reason": "Replaced by another rule"},
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
    "ScheduleTask": {"due_at": DUE_AT},
    "Reschedule": {"due_at": DUE_AT},
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
    "Acknowledge": {},
    "AssignAlert": {"owner_id": OWNER},
    "Comment": {"text": "已电话联系"},
    "Snooze": {"until": DUE_AT, "reason": "客户休假"},
    "Unsnooze": {},
    "HandleAlerts": {
        "items": [
            {"action": "acknowledge", "alert_id": str(ALERT_ID)},
            {"action": "assign", "alert_id": str(ALERT_ID), "owner_id": OWNER},
            {"action": "comment", "alert_id": str(ALERT_ID), "text": "已电话联系"},
            {"action": "snooze", "alert_id": str(ALERT_ID), "until": DUE_AT, "reason": "客户休假"},
            {"action": "unsnooze", "alert_id": str(ALERT_ID)},
        ]
    },
    "Mute": {"until": DUE_AT, "reason": "客户休假"},
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
    "Absence": {"first_day": "2030-02-11", "last_day": "2030-02-15"},
    "ClosedDays": {"days": ["2030-01-04"], "reason": "stocktaking", "worked": [{"start": 540, "end": 720}]},
    "WorkTimes": {
        "week": [[{"start": 540, "end": 1080}], [], [], [], [], [], []],
        "made_up": [],
        "years": [
            {
                "year": 2028,
                "status": "provisional",
                "half_days": [{"day": "2028-03-08", "worked": [{"start": 540, "end": 720}]}],
            }
        ],
    },
}
# A file of each service that takes files.
FILE_EXAMPLES = {
    "customer": "客户名称\n杭州云栖\n",
    "followup": "跟进客户,跟进时间,状态,负责人员\n杭州云栖,2024-06-01,已完成,李敏\n",
}
