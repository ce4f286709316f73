"""Examples of customer events."""

from datetime import date

from contracts import customer
from contracts.customer.tags import Tag
from contracts.event import Event
from contracts.examples.constants import (
    BATCH_ID,
    CONTENT_REF,
    CONTRACT_ID,
    CUSTOMER_ID,
    CUSTOMER_NAME,
    DATES_REF,
    DUE_AT,
    EMAIL_REF,
    KEY_CONTACT_ID,
    LEADER,
    OCCURRED_AT,
    OWNER,
    PHONE_REF,
    REFERRED_ID,
    SILENT_SINCE,
    TASK_ID,
)

BASIS = customer.TierBasis(
    number=1,
    evaluated_at=OCCURRED_AT,
    inputs=customer.TierInputs(
        amount=612_000,
        orders=4,
        lifetime_amount=1_480_000,
        lifetime_orders=11,
        contacts=9,
        complaints=1,
        years=3,
        potential="high",
        influence="行业前十",
        stage="established",
        nps=9,
        csat=75,
    ),
)

CUSTOMER: tuple[Event, ...] = (
    customer.Registered(
        kind=customer.Kind.COMPANY,
        name=CUSTOMER_NAME,
        external_system="crm",
        external_id="KH-0042",
        source="import",
    ),
    customer.ProfileChanged(
        need_type="云服务器",
        industry="制造业",
        region="上海",
        work_status=customer.WorkStatus.QUOTED,
        last_contacted_at=SILENT_SINCE,
        interests=("网络安全", "高尔夫"),
        buying_cycle="quarterly",
        order_size="10万-50万",
        customer_kind="最终用户",
        potential="high",
        influence="行业前十",
        cooperation_since=date(2021, 3, 1),
    ),
    customer.StageChanged(previous=customer.Stage.NEW, stage=customer.Stage.INTERESTED, reason="asked-for-quote"),
    customer.TierChanged(scheme="value", previous="normal", tier="vip", basis=BASIS),
    customer.TierHeld(scheme="value", tier="vip"),
    customer.TierReleased(scheme="value"),
    customer.TierProposed(scheme="value", previous="normal", tier="vip", basis=BASIS),
    customer.TierProposalRefused(scheme="value", tier="vip"),
    customer.TierProposalLapsed(scheme="value", tier="vip"),
    customer.TierSchemePublished(
        name="value",
        number=1,
        decision=customer.TierDecision.PROPOSED,
        window_days=365,
        currency="CNY",
        tiers=(
            customer.TierRule(tier="vip", en="Key account", zh="重点客户", when="amount >= 500000 || years >= 5"),
            customer.TierRule(tier="normal", en="Ordinary", zh="普通客户"),
        ),
    ),
    customer.OwnerAssigned(previous_owner_id="E1003", owner_id=OWNER, leader_id=LEADER),
    customer.HandoverStarted(
        batch_id=BATCH_ID,
        from_owner_id="E1003",
        to_owner_id=OWNER,
        to_leader_id=LEADER,
        reason="resigned",
        checklist=(
            customer.ChecklistItem(kind=customer.ItemKind.TASK, concerns_id=TASK_ID, at=DUE_AT, employee_id="E1003"),
        ),
        contracts=(
            customer.EndingContract(
                contract_id=CONTRACT_ID, ends_on=date(2024, 7, 31), renewal_intent=customer.RenewalIntent.UNKNOWN
            ),
        ),
    ),
    customer.HandoverAccepted(owner_id=OWNER, note_ref=CONTENT_REF),
    customer.HandoverWithdrawn(reason_ref=CONTENT_REF),
    customer.EmployeeLeft(employee_id="E1007"),
    customer.EmployeeReturned(employee_id="E1007"),
    customer.EmployeeLeaderChanged(employee_id="E1007", previous_leader_id="E1003", leader_id=LEADER),
    customer.HandoverBatchStarted(
        from_owner_id="E1003",
        to_owner_ids=(OWNER, "E1012"),
        reason="resigned",
        stage=customer.Stage.SIGNED,
        tier="vip",
        tag="high-potential",
        region="上海",
        led_by=LEADER,
        to_leader_id="E1013",
        customer_ids=(CUSTOMER_ID,),
    ),
    customer.HandoverBatchEnded(handed_over=41, refused=1),
    customer.Merged(into_customer_id=REFERRED_ID),
    customer.Unmerged(from_customer_id=REFERRED_ID),
    customer.DuplicateAbsorbed(duplicate_id=REFERRED_ID),
    customer.DuplicateReleased(duplicate_id=REFERRED_ID),
    customer.MarkedDistinct(other_id=REFERRED_ID),
    customer.HelperAdded(employee_id="E1012"),
    customer.HelperRemoved(employee_id="E1012"),
    customer.KeyContactAdded(
        key_contact_id=KEY_CONTACT_ID,
        role="purchasing",
        is_decision_maker=True,
        name_ref=CONTENT_REF,
        phone_ref=PHONE_REF,
    ),
    customer.KeyContactChanged(
        key_contact_id=KEY_CONTACT_ID,
        role="general-manager",
        is_decision_maker=True,
        name_ref=CONTENT_REF,
        phone_ref=PHONE_REF,
        email_ref=EMAIL_REF,
        dates_ref=DATES_REF,
        date_kinds=("birthday",),
    ),
    customer.KeyContactRemoved(key_contact_id=KEY_CONTACT_ID),
    customer.ImportantDateApproaching(key_contact_id=KEY_CONTACT_ID, kind="birthday", on=date(2024, 6, 10)),
    customer.CustomerErased(reason="asked-by-person"),
    customer.KeyContactErased(
        key_contact_id=KEY_CONTACT_ID, reason="asked-by-person", word_refs=(CONTENT_REF, PHONE_REF, EMAIL_REF)
    ),
    customer.ReferenceAdded(external_system="erp", external_id="100217"),
    customer.ReferenceReserved(external_system="erp", external_id="100217", customer_id=CUSTOMER_ID),
    customer.TagAdded(tag="high-potential", vocabulary_number=1),
    customer.TagRemoved(tag="high-potential"),
    customer.TagVocabularyPublished(
        number=1,
        tags=(
            Tag(code="high-potential", en="high potential", zh="高潜力客户"),
            Tag(code="needs-support", en="needs technical support", zh="技术支持需求"),
        ),
    ),
    customer.SegmentPublished(
        name="east-vip",
        number=1,
        en="VIP customers in the east",
        zh="华东重点客户",
        filter=customer.SegmentFilter(stage=customer.Stage.ESTABLISHED, tier="vip", region="华东"),
    ),
    customer.SegmentRemoved(name="east-vip"),
    customer.NeedStated(need="云服务器", status=customer.NeedStatus.OPEN, text_ref=CONTENT_REF),
    customer.CompetitorSeen(competitor="cloud-b", is_cheaper=True),
    customer.NewsRecorded(topic="new-project", text_ref=CONTENT_REF),
    customer.ProfileReviewed(),
    customer.Renamed(name="上海腾云科技集团有限公司"),
    customer.ReferralMade(referred_customer_id=REFERRED_ID),
    customer.OrderPlaced(
        external_system="erp", external_id="SO-2024-0117", amount_minor=12_800_000, currency="CNY", category="servers"
    ),
    customer.OrderDelivered(),
    customer.OrderCancelled(reason="paid-too-late"),
    customer.QuoteRequested(external_system="crm", external_id="Q-0042", category="servers"),
    customer.QuoteIssued(
        external_system="crm", external_id="Q-0042", category="servers", amount_minor=13_500_000, currency="CNY"
    ),
    customer.QuoteCompared(competitor="cloud-b"),
    customer.ContractSigned(
        external_system="erp",
        external_id="HT-2024-007",
        kind=customer.ContractKind.STRATEGIC,
        starts_on=date(2024, 6, 1),
        ends_on=date(2025, 5, 31),
        amount_minor=98_000_000,
        currency="CNY",
        document_id="DMS-881",
    ),
    customer.RenewalIntentStated(intent=customer.RenewalIntent.YES),
    customer.ContractRenewed(
        starts_on=date(2025, 6, 1), ends_on=date(2026, 5, 31), amount_minor=105_000_000, currency="CNY"
    ),
    customer.ContractEnded(reason="not-renewed"),
)
