"""Segments: kept in whole versions, let go, and kept again."""

import pytest
from pydantic import ValidationError

from contracts.customer import SegmentFilter, SegmentPublished, SegmentRemoved, Stage
from services.customer.commands import PublishSegment, RemoveSegment, Segment
from services.customer.domain.segments import SEGMENT
from tests.support.spec import Spec

segment = Spec(SEGMENT)
command = PublishSegment.model_validate({"name": "vip", "en": "VIP", "zh": "重点", "filter": {"tier": "vip"}})
removed = SegmentRemoved(name="vip")


def version(number: int, tier: str = "vip") -> SegmentPublished:
    return SegmentPublished(name="vip", number=number, en="VIP", zh="重点", filter=SegmentFilter(tier=tier))


def test_a_segment_is_published_in_whole_versions() -> None:
    segment.given().when(command).then(version(1))
    segment.given(version(1)).when(command).then()
    segment.given(version(1, "a")).when(command).then(version(2))


def test_a_segment_that_was_let_go_can_be_kept_again() -> None:
    segment.given(version(1)).when(RemoveSegment(name="vip")).then(removed)
    segment.given(version(1), removed).when(RemoveSegment(name="vip")).then()
    segment.given(version(1), removed).when(command).then(version(2))


@pytest.mark.parametrize("asked", [{"q": "吴敏"}, {"external_id": "1"}, {"stage": "gone"}, {"ownerless": "perhaps"}])
def test_a_filter_holds_what_is_offered_and_nothing_that_may_mean_a_person(asked: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Segment.model_validate({"en": "VIP", "zh": "重点", "filter": asked})


def test_a_filter_may_hold_several_things() -> None:
    given = {"stage": "established", "tier": "vip", "region": "华东", "ownerless": False}
    body = Segment.model_validate({"en": "VIP", "zh": "重点", "filter": given})
    assert (body.filter.stage, body.filter.ownerless) == (Stage.ESTABLISHED, False)
