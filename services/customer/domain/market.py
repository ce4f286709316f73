"""The rules of competitors, referrals and news of a customer."""

from uuid import UUID

from contracts import customer as events
from services.customer import commands
from services.customer.domain.state import Customer


def market(
    customer: Customer, command: commands.SeeCompetitor | commands.MakeReferral | commands.RecordNews
) -> list[events.CustomerEvent]:
    match command:
        case commands.SeeCompetitor(competitor=competitor, is_cheaper=is_cheaper):
            return [events.CompetitorSeen(competitor=competitor, is_cheaper=is_cheaper)]
        case commands.MakeReferral(referred_customer_id=referred_id):
            return referral_made(customer, referred_id)
        case commands.RecordNews(topic=topic):
            return [events.NewsRecorded(topic=topic, text_ref=command.vault_ref("text"))]


def referral_made(customer: Customer, referred_id: UUID | None) -> list[events.CustomerEvent]:
    """A referral of the same customer is recorded once; a referral of an unknown one each time."""
    return [] if referred_id in customer.referred_ids else [events.ReferralMade(referred_customer_id=referred_id)]
