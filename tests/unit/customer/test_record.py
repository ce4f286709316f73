"""The rules of a customer's profile and needs, in examples."""

from datetime import date

import pytest
from pydantic import ValidationError

from contracts.customer import Kind, NeedStated, NeedStatus, ProfileChanged, Registered, Renamed
from contracts.event import Event
from contracts.examples import example_envelope
from contracts.examples.constants import CONTENT_REF, CUSTOMER_ID
from services.customer.commands import ChangeProfile, Profile, Rename, StateNeed
from services.customer.commands.record import MAX_INTERESTS, ProfileField
from services.customer.domain import CUSTOMER
from services.customer.domain.customer_row import project_next
from services.customer.domain.needs import MAX_NEEDS
from services.followup.domain import customer_ref as followup
from tests.oracles import reporting
from tests.oracles.reporting.rows import CustomerRow
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
described = ProfileChanged(industry="制造", interests=("高尔夫",), cooperation_since=date(2021, 3, 1))
cloud = NeedStated(need="云服务器")


def reported(*events: Event) -> CustomerRow:
    """Return the customer's row of reporting after events."""
    history = [(CUSTOMER_ID, example_envelope(event)) for event in events]
    row: CustomerRow = reporting.fold("customer", history)[CUSTOMER_ID]
    return row


def test_basics_are_recorded_where_they_are_new() -> None:
    profile = Profile(industry="制造", interests=("高尔夫", "茶"), cooperation_since=date(2021, 3, 1))
    customer.given(registered, described).when(ChangeProfile(profile=profile)).then(
        ProfileChanged(interests=("高尔夫", "茶"))
    )


def test_a_company_is_renamed_once_and_only_by_its_own_name_field() -> None:
    group = Renamed(name="上海腾云集团")
    customer.given(registered).when(Rename(name="上海腾云集团")).then(group)
    customer.given(registered, group).when(Rename(name="上海腾云集团")).then()
    customer.given(registered).when(Rename(person_name="吴敏")).then_rejected("named-otherwise")
    customer.given().when(Rename(name="上海腾云")).then_rejected("customer-unknown")


def test_a_persons_new_name_goes_to_the_vault() -> None:
    person = Registered(kind=Kind.PERSON, name_ref=CONTENT_REF)
    command = Rename(person_name="吴敏")
    customer.given(person).when(command).then(Renamed(name_ref=command.vault_ref("person_name")))
    customer.given(person).when(Rename(name="腾云")).then_rejected("named-otherwise")


def test_lists_show_the_last_name() -> None:
    facts = (registered, Renamed(name="上海腾云集团"))
    row, reference = None, None
    for fact in facts:
        row = project_next(row, example_envelope(fact))
        reference = followup.project(reference, example_envelope(fact))
    assert row
    assert reference
    assert (row.name, reference.name, reported(*facts).company_name) == ("上海腾云集团",) * 3


def test_a_field_can_be_cleared_and_is_cleared_once() -> None:
    cleared = ProfileChanged(region="上海", cleared=("industry", "interests"))
    command = ChangeProfile(profile=Profile(region="上海"), clear=("industry", "interests", "industry"))
    customer.given(registered, described).when(command).then(cleared)
    customer.given(registered, described, cleared).when(command).then()


def test_a_cleared_field_can_be_stated_again() -> None:
    given = customer.given(registered, described, ProfileChanged(cleared=("industry",)))
    given.when(ChangeProfile(profile=Profile(industry="制造"))).then(ProfileChanged(industry="制造"))


def test_lists_forget_what_was_cleared_and_pass_over_what_they_do_not_keep() -> None:
    facts = (registered, described, ProfileChanged(cleared=("industry", "interests", "field_of_a_later_version")))
    row = None
    for fact in facts:
        row = project_next(row, example_envelope(fact))
    assert row
    assert (row.industry, row.interests, row.cooperation_since) == (None, None, date(2021, 3, 1))
    assert reported(*facts).industry is None


def test_every_field_of_a_profile_can_be_cleared() -> None:
    assert {field.value for field in ProfileField} == Profile.model_fields.keys()


def test_a_field_is_not_stated_and_cleared_at_once() -> None:
    with pytest.raises(ValidationError, match="set and cleared at once: industry"):
        ChangeProfile(profile=Profile(industry="制造"), clear=("industry",))


def test_there_is_a_limit_of_interests() -> None:
    with pytest.raises(ValidationError, match="at most"):
        Profile(interests=tuple(f"i{number}" for number in range(MAX_INTERESTS + 1)))


def test_a_need_is_stated_once() -> None:
    customer.given(registered).when(StateNeed(need="云服务器")).then(cloud)
    customer.given(registered, cloud).when(StateNeed(need="云服务器")).then()


def test_a_statement_with_a_text_is_recorded_each_time() -> None:
    command = StateNeed(need="云服务器", text="八核，年底前")
    customer.given(registered, cloud).when(command).then(
        NeedStated(need="云服务器", text_ref=command.vault_ref("text"))
    )


def test_a_met_need_can_be_opened_again() -> None:
    met = NeedStated(need="云服务器", status=NeedStatus.MET)
    customer.given(registered, cloud).when(StateNeed(need="云服务器", status=NeedStatus.MET)).then(met)
    customer.given(registered, cloud, met).when(StateNeed(need="云服务器")).then(cloud)


def test_a_need_that_was_never_stated_is_not_met() -> None:
    gone = StateNeed(need="备份", status=NeedStatus.GONE)
    customer.given(registered, cloud).when(gone).then_rejected("need-unknown")


def test_a_customer_has_only_so_many_needs() -> None:
    facts = [NeedStated(need=f"n{number}") for number in range(MAX_NEEDS)]
    customer.given(registered, *facts).when(StateNeed(need="one more")).then_rejected("too-many-needs")
    customer.given(registered, *facts[1:]).when(StateNeed(need="one more")).then(NeedStated(need="one more"))
