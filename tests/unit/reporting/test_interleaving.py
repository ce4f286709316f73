"""The rows do not depend on the order in which topics arrive."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reporting.story import ALERT_FACTS, FOLLOWUP_FACTS, IN_TOPIC_ORDER, TURNS, interleaved, rows_of


@settings(max_examples=60, deadline=None)
@given(turns=st.permutations(TURNS))
def test_any_interleaving_of_the_topics_leads_to_the_same_rows(turns: list[int]) -> None:
    assert rows_of(interleaved(turns)) == rows_of(IN_TOPIC_ORDER)


def test_contacts_and_tasks_are_stored_before_the_registration_arrives() -> None:
    rows = rows_of([*ALERT_FACTS, *FOLLOWUP_FACTS])
    assert rows.customers == {}
    assert (len(rows.tasks), len(rows.complaints), len(rows.alerts)) == (3, 1, 2)
