"""What the definition of a ladder may say, and when a new version changes nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.versions.decider import Publish, Timeline, version_of
from contracts.alerts import AlertSeverity, LadderPublished
from contracts.alerts.ladder import MAX_RUNG_MINUTES, MAX_RUNGS
from services.alerts.commands import PublishLadder
from services.alerts.domain.definition import LADDER
from services.alerts.shipped.ladders import LADDERS

NOW = datetime(2025, 9, 29, tzinfo=UTC)
CRITICAL = AlertSeverity.CRITICAL


def rungs(*minutes: int) -> list[dict[str, Any]]:
    return [{"after_minutes": each, "whom": "leader"} for each in minutes]


def ladder(**changed: Any) -> PublishLadder:
    return PublishLadder.model_validate({"rungs": rungs(0, 30), "reason": "A test"} | changed)


def published(command: PublishLadder) -> list[Any]:
    version = version_of(LadderPublished, command, severity=CRITICAL)
    return list(LADDER.decide(Timeline(), Publish(version=version, at=NOW)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rungs": rungs(30, 30)}, "each rung must come later"),
        ({"rungs": rungs(0, 60, 30)}, "each rung must come later"),
        ({"rungs": []}, "at least 1 item"),
        ({"rungs": rungs(*range(MAX_RUNGS + 1))}, f"at most {MAX_RUNGS} items"),
        ({"rungs": rungs(-1)}, "greater than or equal to 0"),
        ({"rungs": rungs(MAX_RUNG_MINUTES + 1)}, f"less than or equal to {MAX_RUNG_MINUTES}"),
        ({"rungs": [{"after_minutes": 0, "whom": "neighbour"}]}, "'owner', 'leader' or 'operations'"),
        ({"rungs": [{"after_minutes": 0, "whom": "owner", "why": "x"}]}, "Extra inputs"),
        ({"reason": ""}, "at least 1 character"),
    ],
)
def test_a_bad_ladder_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ladder(**changed)


def test_the_longest_ladder_is_accepted() -> None:
    longest = [*range(MAX_RUNGS - 1), MAX_RUNG_MINUTES]
    assert len(ladder(rungs=rungs(*longest)).rungs) == MAX_RUNGS


def test_a_version_follows_the_shipped_one() -> None:
    (version,) = published(ladder())
    assert (version.number, version.severity, version.reason) == (2, CRITICAL, "A test")


def test_the_same_ladder_with_another_reason_is_a_new_version() -> None:
    same = [each.model_dump() for each in LADDERS[CRITICAL].rungs]
    assert [each.reason for each in published(ladder(rungs=same))] == ["A test"]
