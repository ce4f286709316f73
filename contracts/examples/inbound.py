"""Examples of inbound messages."""

from datetime import date

from contracts import inbound
from contracts.customer import RenewalIntent
from contracts.examples.constants import CUSTOMER_NAME, OWNER, REFERRED_ID
from contracts.inbound import AnyInbound, Reference

CUSTOMER = Reference(system="erp", id="KH-0042")
ORDER, QUOTE, CONTRACT = (Reference(system="erp", id=number) for number in ("SO-1007", "Q-311", "HT-2024-018"))

INBOUND_EXAMPLES: dict[type[AnyInbound], AnyInbound] = {
    type(example): example
    for example in (
        inbound.CompanyStated(customer=CUSTOMER, name=CUSTOMER_NAME, industry="制造业", region="上海", owner_id=OWNER),
        inbound.OrderPlaced(
            customer=CUSTOMER, order=ORDER, amount_minor=12_800_000, currency="CNY", category="servers"
        ),
        inbound.OrderDelivered(customer=CUSTOMER, order=ORDER),
        inbound.OrderCancelled(customer=CUSTOMER, order=ORDER, reason="changed-mind"),
        inbound.QuoteRequested(customer=CUSTOMER, quote=QUOTE, category="servers"),
        inbound.QuoteIssued(customer=CUSTOMER, quote=QUOTE, amount_minor=12_800_000, currency="CNY"),
        inbound.QuoteCompared(customer=CUSTOMER, quote=QUOTE, competitor="other-cloud"),
        inbound.ContractSigned(
            customer=CUSTOMER,
            contract=CONTRACT,
            starts_on=date(2024, 6, 1),
            ends_on=date(2025, 5, 31),
            amount_minor=12_800_000,
            currency="CNY",
        ),
        inbound.RenewalIntentStated(customer=CUSTOMER, contract=CONTRACT, intent=RenewalIntent.YES),
        inbound.ContractRenewed(
            customer=CUSTOMER,
            contract=CONTRACT,
            starts_on=date(2025, 6, 1),
            ends_on=date(2026, 5, 31),
            amount_minor=13_500_000,
            currency="CNY",
        ),
        inbound.ContractEnded(customer=CUSTOMER, contract=CONTRACT, reason="expired"),
        inbound.CompetitorSeen(customer=CUSTOMER, competitor="other-cloud", is_cheaper=True),
        inbound.ReferralMade(customer=CUSTOMER, referred=Reference(system="erp", id=str(REFERRED_ID)[:8])),
    )
}
