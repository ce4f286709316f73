"""What the doctor says of tables and topics that grow."""

from dataclasses import replace

import pytest

from deploy.doctor import growth
from deploy.doctor.findings import Finding
from deploy.doctor.growth import LARGE_BYTES, MAX_WATERMARK_RECORDS, SHOWN_TABLES
from deploy.doctor.observations import DatabaseObservation, Growth, KafkaObservation, TableSize

EVENT = TableSize("event", bytes=2_500_000, rows=4_000, dead_rows=3)
HEALTHY = Growth(tables=[EVENT, TableSize("import_row", 90_000, 12, 0)])
TOPIC = "care.customer.watermarks.v1"


def of_database(observed: Growth) -> list[Finding]:
    return list(growth.database(DatabaseObservation("customer", growth=observed)))


def failed(results: list[Finding]) -> list[Finding]:
    return [finding for finding in results if not finding.ok]


def test_the_largest_tables_are_shown_with_their_retention() -> None:
    [finding] = of_database(HEALTHY)
    assert finding.ok
    assert finding.state.en == (
        "event 2.5 MB, rows: 4000, dead: 3 (kept for ever); import_row 0.1 MB, rows: 12, dead: 0 (90 days)"
    )
    assert "永久保留" in finding.state.zh


def test_only_the_largest_tables_are_shown() -> None:
    [finding] = of_database(Growth(tables=[EVENT] * (SHOWN_TABLES + 1)))
    assert finding.state.en.count("event") == SHOWN_TABLES


def test_a_table_of_somebody_else_is_shown_as_such() -> None:
    [finding] = of_database(Growth(tables=[TableSize("notes", 90_000, 12, 0)]))
    assert finding.state.en == "notes 0.1 MB, rows: 12, dead: 0 (not a table of this product)"


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        (
            replace(HEALTHY, tables=[TableSize("customer_likeness", LARGE_BYTES, 10, 11)]),
            "It has 11 dead rows and 10 rows in 16.8 MB.",
        ),
        (
            replace(HEALTHY, overdue_partitions=2),
            "Partitions whose day is over have not been dropped: 2.",
        ),
        (
            replace(HEALTHY, overdue_imports=3),
            "Imports whose row results have expired but are not deleted: 3.",
        ),
    ],
)
def test_what_is_beyond_its_bound_is_one_finding_with_advice(observed: Growth, sentence: str) -> None:
    [finding] = failed(of_database(observed))
    assert finding.state.en == sentence
    assert finding.advice.en
    assert finding.advice.zh
    assert finding.state.zh


@pytest.mark.parametrize(
    "table", [TableSize("event", LARGE_BYTES - 1, 10, 11), TableSize("event", LARGE_BYTES, 10, 10)]
)
def test_dead_rows_are_no_finding_in_a_small_table_or_below_the_number_of_rows(table: TableSize) -> None:
    assert failed(of_database(replace(HEALTHY, tables=[table]))) == []


def test_a_database_that_was_not_measured_has_no_findings() -> None:
    assert list(growth.database(DatabaseObservation("customer"))) == []


@pytest.mark.parametrize(("records", "ok"), [(MAX_WATERMARK_RECORDS, True), (MAX_WATERMARK_RECORDS + 1, False)])
def test_a_topic_of_watermarks_that_is_not_compacted_is_a_finding(records: int, *, ok: bool) -> None:
    [finding] = growth.watermarks(KafkaObservation(watermark_records={TOPIC: records}))
    assert finding.ok is ok
    assert str(records) in finding.state.en
    assert str(records) in finding.state.zh
