"""Competitors and referrals in examples: given these facts, when asked this, then that."""

from contracts.customer import CompetitorSeen, Kind, NewsRecorded, ProfileReviewed, ReferralMade, Registered
from contracts.examples import REFERRED_ID
from services.customer.commands import MakeReferral, RecordNews, ReviewProfile, SeeCompetitor
from services.customer.domain import CUSTOMER
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
seen = CompetitorSeen(competitor="cloud-b", is_cheaper=True)


def test_each_sighting_of_a_competitor_is_a_fact_of_its_own() -> None:
    customer.given(registered, seen).when(SeeCompetitor(competitor="cloud-b", is_cheaper=True)).then(seen)


def test_one_customer_is_referred_once() -> None:
    made = ReferralMade(referred_customer_id=REFERRED_ID)
    customer.given(registered).when(MakeReferral(referred_customer_id=REFERRED_ID)).then(made)
    customer.given(registered, made).when(MakeReferral(referred_customer_id=REFERRED_ID)).then()


def test_a_referral_to_somebody_unknown_is_a_fact_each_time() -> None:
    customer.given(registered, ReferralMade()).when(MakeReferral()).then(ReferralMade())


def test_a_stranger_sees_no_competitor() -> None:
    customer.given().when(SeeCompetitor(competitor="cloud-b")).then_rejected("customer-unknown")


def test_news_are_facts_whose_words_stay_in_the_vault() -> None:
    told = RecordNews(topic="new-project", text="二期上线")
    customer.given(registered).when(told).then(NewsRecorded(topic="new-project", text_ref=told.vault_ref("text")))


def test_each_review_of_a_profile_is_a_fact() -> None:
    customer.given(registered, ProfileReviewed()).when(ReviewProfile()).then(ProfileReviewed())
