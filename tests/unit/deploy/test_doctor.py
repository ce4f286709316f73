"""What the doctor says of what it has seen."""

from dataclasses import replace

import pytest

from contracts.topics import ERASURE_ANSWERS, TOPICS
from deploy.doctor import judgement
from deploy.doctor.__main__ import exit_code, verdict
from deploy.doctor.judgement import Finding
from deploy.doctor.observed import DatabaseSeen, KafkaSeen, Lag, Outbox, Parked, ServiceSeen

OUTBOX = Outbox(head=9, cursor=9, moved=False, holder="1f0c", seconds_left=7.0)
LAG = Lag("alerts", "care.customer.events.v1", events=0, moved=True, age_seconds=1.2)
DATABASE = DatabaseSeen("alerts", outbox=OUTBOX, lags=[LAG])
KAFKA = KafkaSeen(partitions={topic.name: topic.partitions for topic in (*TOPICS, *ERASURE_ANSWERS)})


def wrong(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.well]


def test_nothing_is_wrong_with_a_sound_stack() -> None:
    findings = [
        *judgement.service(ServiceSeen("customer")),
        *judgement.database(DATABASE),
        *judgement.kafka(KAFKA),
    ]
    assert (wrong(findings), exit_code(findings), verdict(findings, "en")) == ([], 0, "All is well.")


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (ServiceSeen("alerts", problem="All connection attempts failed"), "It does not answer: All connection"),
        (ServiceSeen("alerts", faults={"database": "it is away"}), "It takes no commands; database: it is away."),
        (ServiceSeen("alerts", degraded={"relay": "TimeoutError: "}), "Its part relay is not ready: TimeoutError:"),
    ],
)
def test_a_service_that_is_away_or_ailing_is_told_in_its_own_words(seen: ServiceSeen, sentence: str) -> None:
    assert [finding.state.en.startswith(sentence) for finding in wrong(list(judgement.service(seen)))] == [True]


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (replace(DATABASE, problem="it refuses"), "It cannot be read: it refuses."),
        (replace(DATABASE, clock_ahead_seconds=-3.0), "It is 3 s behind this machine's."),
        (replace(DATABASE, clock_ahead_seconds=90.0), "It is 90 s ahead of this machine's."),
        (replace(DATABASE, missing=["1_a.sql", "2_b.sql"]), "Not applied: 1_a.sql, 2_b.sql."),
        (replace(DATABASE, outbox=replace(OUTBOX, head=12)), "Events waiting: 3, and none goes out."),
        (replace(DATABASE, outbox=replace(OUTBOX, seconds_left=0.0)), "Nobody holds it: nothing is published."),
        (replace(DATABASE, lags=[replace(LAG, events=4, moved=False)]), "It stands still; events behind: 4."),
        (
            replace(DATABASE, lags=[replace(LAG, age_seconds=61.0)]),
            "Nothing complete has been heard for 61 s; no alert is raised meanwhile.",
        ),
        (
            replace(DATABASE, parked=[Parked("alerts", 2, 5, "no position")]),
            "Held back: customers 2, events 5; the first because: no position.",
        ),
    ],
)
def test_each_fault_in_a_database_is_one_sentence(seen: DatabaseSeen, sentence: str) -> None:
    findings = list(judgement.database(seen))
    assert [finding.state.en for finding in wrong(findings)] == [sentence]
    assert exit_code(findings) == 1


@pytest.mark.parametrize(
    "seen",
    [
        replace(DATABASE, clock_ahead_seconds=1.5),
        replace(DATABASE, outbox=replace(OUTBOX, head=5_000, moved=True)),
        replace(DATABASE, lags=[replace(LAG, events=5_000)]),
        replace(DATABASE, lags=[replace(LAG, topic="own", age_seconds=None)]),
    ],
)
def test_what_is_at_work_is_not_wrong(seen: DatabaseSeen) -> None:
    assert wrong(list(judgement.database(seen))) == []


@pytest.mark.parametrize(
    ("found", "sentence"), [(None, "It is not there."), (3, "It has 3 partitions; 6 are declared.")]
)
def test_a_topic_must_be_there_as_declared(found: int | None, sentence: str) -> None:
    finding = judgement.partitions("care.customer.events.v1", 6, found)
    assert (finding.well, finding.state.en) == (False, sentence)


def test_a_kafka_that_is_away_is_told_once() -> None:
    assert len(list(judgement.kafka(KafkaSeen(problem="no route")))) == 1


def test_every_fault_is_told_in_chinese_and_comes_with_advice() -> None:
    ailing = replace(DATABASE, missing=["1_a.sql"], clock_ahead_seconds=9.0, parked=[Parked("alerts", 1, 1, "x")])
    findings = wrong([*judgement.database(ailing), *judgement.service(ServiceSeen("alerts", problem="away"))])
    assert all(finding.advice.en and finding.advice.zh and finding.state.zh for finding in findings)
    assert verdict(findings, "zh") == "4 项检查中有 4 项异常。"
