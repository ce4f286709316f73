"""The rules of segments: published in versions, removed, and published again."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from chassis.versions.decider import Publish, version_of
from contracts.customer import SegmentFilter, SegmentPublished, SegmentRemoved, Stage
from services.customer.commands import RemoveSegment, Segment
from services.customer.domain.segments import SEGMENT
from tests.support.spec import Spec

segment = Spec(SEGMENT.decider)
body = Segment.model_validate({"en": "VIP", "zh": "重点", "filter": {"tier": "vip"}})
NOW = datetime(2026, 3, 2, tzinfo=UTC)
command: Publish[SegmentPublished] = Publish(version=version_of(SegmentPublished, body, name="vip"), at=NOW)
removed = SegmentRemoved(name="vip")


def version(number: int) -> SegmentPublished:
    return SegmentPublished(name="vip", number=number, en="VIP", zh="重点", filter=SegmentFilter(tier="vip"))


def test_a_removed_segment_can_be_published_again() -> None:
    segment.given(version(1)).when(RemoveSegment(name="vip")).then(removed)
    segment.given(version(1), removed).when(RemoveSegment(name="vip")).then()
    segment.given(version(1), removed).when(command).then(version(2))


@pytest.mark.parametrize("asked", [{"q": "吴敏"}, {"external_id": "1"}, {"stage": "gone"}, {"ownerless": "perhaps"}])
def test_a_filter_has_known_fields_only_and_none_about_persons(asked: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Segment.model_validate({"en": "VIP", "zh": "重点", "filter": asked})


def test_a_filter_may_hold_several_things() -> None:
    given = {"stage": "established", "tier": "vip", "region": "华东", "ownerless": False}
    body = Segment.model_validate({"en": "VIP", "zh": "重点", "filter": given})
    assert (body.filter.stage, body.filter.ownerless) == (Stage.ESTABLISHED, False)
