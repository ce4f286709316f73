"""A row of a customer file gives the same command in either language."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from chassis.files.formats import CSV_TYPE
from chassis.files.importer import RowProblemError
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import Stage, WorkStatus
from services.customer.commands import Register, Tier
from services.customer.file_kinds import introduce_nobody
from services.customer.imports.customer_columns import COLUMNS
from services.customer.imports.customer_lookup import CustomerLookup
from services.customer.imports.customers import CustomerImport, tier
from services.customer.registration import Registration
from tests.support.tables import read_table

FIXTURES = Path(__file__).parents[3] / "demo" / "fixtures"
NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
# Reading a row needs none of them.
IMPORTER = CustomerImport(
    cast("Registration", None),
    cast("CustomerLookup", None),
    introduce_nobody,
    cast("Pseudonyms", None),
    "Asia/Shanghai",
)


def commands(name: str) -> list[Register]:
    table = read_table((FIXTURES / name).read_bytes(), CSV_TYPE, COLUMNS)
    return [IMPORTER.command(row.cells, "someone", NOW) for row in table.rows]


def test_both_languages_ask_for_the_same() -> None:
    chinese, english = commands("customers.csv"), commands("customers.en.csv")
    needs = [command.profile.need_type for command in english]
    assert needs == ["custom-service", "upgrade", "after-sales"]
    for ours, theirs in zip(chinese, english, strict=True):
        assert (ours.name, ours.tier, ours.stage) == (theirs.name, theirs.tier, theirs.stage)
        assert ours.profile.last_contacted_at == theirs.profile.last_contacted_at
        assert ours.profile.work_status is theirs.profile.work_status


def test_a_row_states_what_the_file_says() -> None:
    quoted, in_progress, solved = commands("customers.csv")
    assert (quoted.name, quoted.tier, quoted.stage) == ("上海腾云", Tier(tier="vip"), Stage.INTERESTED)
    assert in_progress.profile.work_status is WorkStatus.IN_PROGRESS
    assert solved.stage is Stage.ESTABLISHED


def test_the_second_alphabet_is_a_scheme_of_its_own() -> None:
    assert tier("A级") == Tier(scheme="abc", tier="a")
    assert tier("") is None


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-01-04", datetime(2026, 1, 4, 1, tzinfo=UTC)),
        ("2026-01-05", NOW),
    ],
)
def test_the_last_contact_was_on_the_morning_of_its_day_and_never_lies_ahead(written: str, at: datetime) -> None:
    cells = {column.field: "" for column in COLUMNS} | {"name": "上海腾云", "last_contacted_on": written}
    command = IMPORTER.command(cells, None, NOW)
    assert command.profile.last_contacted_at == at


def test_a_last_contact_that_has_not_been_yet_is_refused_with_its_column() -> None:
    cells = {column.field: "" for column in COLUMNS} | {"name": "上海腾云", "last_contacted_on": "2026-01-06"}
    with pytest.raises(RowProblemError) as caught:
        IMPORTER.command(cells, None, NOW)
    assert (caught.value.document["column"], caught.value.document["code"]) == ("最近沟通时间", "in-future")
