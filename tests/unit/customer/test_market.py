"""The rules of competitors and referrals: given events, when a command, then events."""

from contracts.customer import CompetitorSeen, Kind, NewsRecorded, ProfileReviewed, ReferralMade, Registered
from contracts.examples import REFERRED_ID
from services.customer.commands import MakeReferral, RecordNews, ReviewProfile, SeeCompetitor
from services.customer.domain import CUSTOMER
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
seen = CompetitorSeen(competitor="cloud-b", is_cheaper=True)


def test_each_competitor_sighting_is_its_own_event() -> None:
    customer.given(registered, seen).when(SeeCompetitor(competitor="cloud-b", is_cheaper=True)).then(seen)


def test_one_customer_is_referred_once() -> None:
    made = ReferralMade(referred_customer_id=REFERRED_ID)
    customer.given(registered).when(MakeReferral(referred_customer_id=REFERRED_ID)).then(made)
    customer.given(registered, made).when(MakeReferral(referred_customer_id=REFERRED_ID)).then()


def test_a_referral_of_an_unknown_customer_is_recorded_each_time() -> None:
    customer.given(registered, ReferralMade()).when(MakeReferral()).then(ReferralMade())


def test_an_unregistered_customer_has_no_competitors() -> None:
    customer.given().when(SeeCompetitor(competitor="cloud-b")).then_rejected("customer-unknown")


def test_news_is_recorded_and_its_text_stays_in_the_vault() -> None:
    told = RecordNews(topic="new-project", text="二期上线")
    customer.given(registered).when(told).then(NewsRecorded(topic="new-project", text_ref=told.vault_ref("text")))


def test_each_review_of_a_profile_is_a_fact() -> None:
    customer.given(registered, ProfileReviewed()).when(ReviewProfile()).then(ProfileReviewed())
