"""Figures add up, and link to the lists from which they were counted."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from contracts.customer import Stage
from services.reporting.queries.alerts import OpenCount
from services.reporting.queries.funnel import StageCount
from services.reporting.queries.period import Period
from services.reporting.queries.timeliness import Tally
from services.reporting.reports.figures import owner_alerts, owner_rates, rate_of, rule_alerts, stage_row

PERIOD = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
EARLY, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_the_rate_is_on_time_over_all_that_came_due() -> None:
    rate = rate_of([Tally("E1", on_time=6, late=1, overdue=1), Tally("E2", on_time=1)], PERIOD, None)
    assert (rate.numerator, rate.denominator, rate.late, rate.overdue, rate.rate) == (7, 9, 1, 1, 0.7778)


def test_what_is_not_due_yet_counts_neither_way() -> None:
    rate = rate_of([Tally("E1", on_time=1, not_due_yet=5)], PERIOD, None)
    assert (rate.denominator, rate.rate, rate.not_due_yet) == (1, 1.0, 5)


def test_no_rate_is_claimed_where_nothing_came_due() -> None:
    assert rate_of([], PERIOD, None).rate is None
    assert rate_of([Tally("E1", not_due_yet=1)], PERIOD, None).rate is None


def test_each_number_leads_to_its_list() -> None:
    (line,) = owner_rates([Tally("E1", late=2)], PERIOD)
    assert line.owner_id == "E1"
    assert query_of(line.details["late"]) == {
        "owner_id": "E1",
        "due_from": "2026-03-01T00:00:00+00:00",
        "due_to": "2026-04-01T00:00:00+00:00",
        "verdict": "late",
    }
    assert query_of(line.details["denominator"])["has_verdict"] == "true"
    assert "owner_id" not in query_of(rate_of([], PERIOD, None).details["overdue"])


def test_a_stage_has_labels_in_both_languages_and_a_mode() -> None:
    row = stage_row(StageCount(Stage.ESTABLISHED, customers=4, entered=1), PERIOD)
    assert (row.label.en, row.label.zh) == ("Established", "老客户")
    assert row.mode_label is not None
    assert row.mode_label.zh == "维护"
    assert query_of(row.details["entered"])["entered_stage"] == "established"


def test_a_lost_customer_is_in_no_mode() -> None:
    assert stage_row(StageCount(Stage.LOST, 1, 0), PERIOD).mode_label is None


def test_open_alerts_are_counted_once_for_owners_and_once_for_rules() -> None:
    counts = [
        OpenCount("E1", "inactive", 1, LATER),
        OpenCount("E1", "missed", 2, EARLY),
        OpenCount(None, "missed", 4, LATER),
    ]
    owners, rules = owner_alerts(counts), rule_alerts(counts)
    assert [(line.owner_id, line.open, line.oldest_starts_at) for line in owners] == [
        (None, 4, LATER),
        ("E1", 3, EARLY),
    ]
    assert [(line.rule_id, line.open) for line in rules] == [("missed", 6), ("inactive", 1)]
    assert query_of(owners[0].details) == {"is_open": "true", "has_owner": "false"}
    assert query_of(owners[1].details) == {"is_open": "true", "owner_id": "E1"}
