"""The rules of tags and their vocabulary, in examples."""

import pytest
from pydantic import ValidationError

from contracts.customer import Kind, Registered, TagAdded, TagRemoved
from contracts.customer.tags import Tag
from contracts.examples import example_envelope
from services.customer.commands import RemoveTag, TagCustomer, TagVocabulary
from services.customer.domain import CUSTOMER
from services.customer.domain.customer_row import project_next
from services.customer.domain.tags import MAX_TAGS_OF_A_CUSTOMER
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云")
HIGH = Tag(code="high-potential", en="high potential", zh="高潜力客户")
SUPPORT = Tag(code="needs-support", en="needs technical support", zh="技术支持需求")
added = TagAdded(tag="high-potential", vocabulary_number=3)


def tagging(tag: str) -> TagCustomer:
    return TagCustomer(tag=tag, offered=(HIGH, SUPPORT), vocabulary_number=3)


def test_a_customer_is_tagged_once_with_a_word_of_the_vocabulary() -> None:
    customer.given(registered).when(tagging("high-potential")).then(added)
    customer.given(registered, added).when(tagging("high-potential")).then()


def test_an_unknown_tag_is_refused_with_what_is_offered() -> None:
    customer.given(registered).when(tagging("vip")).then_rejected("unknown-tag")
    with pytest.raises(Exception, match=r"high-potential \(high potential\), needs-support") as refused:
        CUSTOMER.decide(CUSTOMER.fold(CUSTOMER.initial, [registered]), tagging("vip"))
    assert "高潜力客户（high-potential）、技术支持需求" in refused.value.zh  # type: ignore[attr-defined]


def test_a_tag_that_left_the_vocabulary_stays_and_can_be_removed() -> None:
    gone = TagCustomer(tag="high-potential", offered=(SUPPORT,), vocabulary_number=4)
    given = customer.given(registered, added)
    given.when(gone).then()
    given.when(RemoveTag(tag="high-potential")).then(TagRemoved(tag="high-potential"))


def test_removing_an_absent_tag_adds_no_event() -> None:
    customer.given(registered).when(RemoveTag(tag="high-potential")).then()


def test_a_customer_has_only_so_many_tags() -> None:
    facts = [TagAdded(tag=f"t{number}", vocabulary_number=1) for number in range(MAX_TAGS_OF_A_CUSTOMER)]
    customer.given(registered, *facts).when(tagging("high-potential")).then_rejected("too-many-tags")
    customer.given(registered, *facts[1:]).when(tagging("high-potential")).then(added)


def test_the_list_shows_each_tag_once() -> None:
    row = None
    for fact in (registered, added, added, TagAdded(tag="b", vocabulary_number=1), TagRemoved(tag="b")):
        row = project_next(row, example_envelope(fact))
    assert row
    assert row.tags == ["high-potential"]


def test_a_tag_code_is_unique() -> None:
    with pytest.raises(ValidationError, match="its own code"):
        TagVocabulary(tags=[HIGH.model_dump(), HIGH.model_dump()])
