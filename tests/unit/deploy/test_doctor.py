"""The findings of the doctor."""

from dataclasses import replace

import pytest

from contracts.topics import ERASURE_ANSWERS, TOPICS
from deploy.doctor import findings
from deploy.doctor.examination import summary
from deploy.doctor.findings import Finding
from deploy.doctor.observations import DatabaseObservation, KafkaObservation, Lag, Outbox, Parked, ServiceObservation

OUTBOX = Outbox(head=9, cursor=9, moved=False, holder="1f0c", seconds_left=7.0)
LAG = Lag("alerts", "care.customer.events.v1", events=0, moved=True, age_seconds=1.2)
DATABASE = DatabaseObservation("alerts", outbox=OUTBOX, lags=[LAG])
KAFKA = KafkaObservation(partitions={topic.name: topic.partitions for topic in (*TOPICS, *ERASURE_ANSWERS)})


def failed(results: list[Finding]) -> list[Finding]:
    return [finding for finding in results if not finding.ok]


def test_a_healthy_stack_has_no_failed_checks() -> None:
    results = [
        *findings.service(ServiceObservation("customer")),
        *findings.database(DATABASE),
        *findings.kafka(KAFKA),
    ]
    assert (failed(results), summary(results).en) == ([], "All checks passed.")


@pytest.mark.parametrize(
    ("observation", "sentence"),
    [
        (
            ServiceObservation("alerts", problem="All connection attempts failed"),
            "The service does not answer: All connection",
        ),
        (
            ServiceObservation("alerts", faults={"database": "it is away"}),
            "The service rejects commands. database: it is away.",
        ),
        (
            ServiceObservation("alerts", degraded={"relay": "TimeoutError: "}),
            "The task relay is not ready: TimeoutError:",
        ),
    ],
)
def test_a_service_that_is_down_or_degraded_is_reported_with_its_message(
    observation: ServiceObservation, sentence: str
) -> None:
    assert [finding.state.en.startswith(sentence) for finding in failed(list(findings.service(observation)))] == [True]


@pytest.mark.parametrize(
    ("observation", "sentence"),
    [
        (replace(DATABASE, problem="it refuses"), "The database cannot be read: it refuses."),
        (replace(DATABASE, clock_ahead_seconds=-3.0), "The clock is 3 s behind this machine's clock."),
        (replace(DATABASE, clock_ahead_seconds=90.0), "The clock is 90 s ahead of this machine's clock."),
        (replace(DATABASE, missing=["1_a.sql", "2_b.sql"]), "Not applied: 1_a.sql, 2_b.sql."),
        (replace(DATABASE, outbox=replace(OUTBOX, head=12)), "Events waiting: 3. The relay publishes none."),
        (
            replace(DATABASE, outbox=replace(OUTBOX, seconds_left=0.0)),
            "No relay holds the lease, so no events are published.",
        ),
        (
            replace(DATABASE, lags=[replace(LAG, events=4, moved=False)]),
            "The consumer makes no progress. Events behind: 4.",
        ),
        (
            replace(DATABASE, lags=[replace(LAG, age_seconds=61.0)]),
            "The last watermark is 61 s old. No alerts for silence are raised until a new one arrives.",
        ),
        (
            replace(DATABASE, parked=[Parked("alerts", 2, 5, "no position", days=3)]),
            "Parked events: 5, of customers: 2. Days since the first: 3. First reason: no position.",
        ),
    ],
)
def test_each_problem_of_a_database_is_one_finding(observation: DatabaseObservation, sentence: str) -> None:
    results = list(findings.database(observation))
    assert [finding.state.en for finding in failed(results)] == [sentence]


@pytest.mark.parametrize(
    "observation",
    [
        replace(DATABASE, clock_ahead_seconds=1.5),
        replace(DATABASE, outbox=replace(OUTBOX, head=5_000, moved=True)),
        replace(DATABASE, lags=[replace(LAG, events=5_000)]),
        replace(DATABASE, lags=[replace(LAG, topic="own", age_seconds=None)]),
    ],
)
def test_work_in_progress_is_not_a_problem(observation: DatabaseObservation) -> None:
    assert failed(list(findings.database(observation))) == []


@pytest.mark.parametrize(
    ("found", "sentence"), [(None, "The topic does not exist."), (3, "The topic has 3 partitions instead of 6.")]
)
def test_a_topic_must_exist_with_the_declared_partitions(found: int | None, sentence: str) -> None:
    finding = findings.partitions("care.customer.events.v1", 6, found)
    assert (finding.ok, finding.state.en) == (False, sentence)


def test_an_unreachable_kafka_is_one_finding() -> None:
    assert len(list(findings.kafka(KafkaObservation(problem="no route")))) == 1


def test_every_problem_is_reported_in_chinese_and_has_advice() -> None:
    degraded = replace(DATABASE, missing=["1_a.sql"], clock_ahead_seconds=9.0, parked=[Parked("alerts", 1, 1, "x")])
    results = failed([*findings.database(degraded), *findings.service(ServiceObservation("alerts", problem="away"))])
    assert all(finding.advice.en and finding.advice.zh and finding.state.zh for finding in results)
    assert summary(results).zh == "4 项检查中有 4 项异常。"
