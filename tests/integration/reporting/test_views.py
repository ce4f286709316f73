"""The BI views follow their files: on a new database, on an older one, and during reads."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis import migrate as migrate_module
from chassis.migrate import MigrationFailedError, Schema
from chassis.postgres.database import Pool, open_pool
from services.reporting.schema import HERE, SCHEMA
from tests.integration.reporting.conftest import MADE_AT, apply, rewrite
from tests.support.servers import Database
from tests.support.waiting import background, eventually

OLDER = (Path(__file__).parent / "views_made_by_migrations.sql").read_text()
FORM = """
    SELECT c.relname, pg_get_viewdef(c.oid) AS definition, c.relacl::text, a.attnum, a.attname,
        obj_description(c.oid) AS described, col_description(c.oid, a.attnum) AS column_described
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'bi'::regnamespace ORDER BY c.relname, a.attnum
"""
WAITING = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'care-migrate' AND wait_event_type = 'Lock'"
)
DATES = "SELECT count(*) FROM bi.dim_dates"
AS_DATE = "SELECT d::date AS calendar_date"


@pytest.fixture
async def reader(reporting: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(reporting.bi_reader, size=2, application_name="bi")
    yield opened
    await opened.close()


async def test_a_database_whose_views_were_made_by_migrations_shows_what_a_new_one_does(
    reporting_admin: Pool, owner: str
) -> None:
    new = await reporting_admin.fetch(FORM)
    await reporting_admin.execute(f"SET ROLE care_migrator; {OLDER}; RESET ROLE")
    assert await reporting_admin.fetch(FORM) != new
    await apply(SCHEMA, owner)
    assert await reporting_admin.fetch(FORM) == new


async def test_views_whose_files_are_as_they_were_are_not_touched(
    reporting_admin: Pool, reader: Pool, owner: str
) -> None:
    before = await reporting_admin.fetch(MADE_AT)
    async with reader.acquire() as held, held.transaction():
        await held.execute(DATES)
        await apply(SCHEMA, owner)
    assert await reporting_admin.fetch(MADE_AT) == before


async def test_a_changed_comment_is_applied(reporting_admin: Pool, owner: str, changed: Schema) -> None:
    rewrite(changed, "dim_dates", "'The day / 日期'", "'A day / 日期'")
    await apply(changed, owner)
    assert await reporting_admin.fetchval("SELECT col_description('bi.dim_dates'::regclass, 1)") == "A day / 日期"


async def test_a_view_that_a_migration_dropped_is_made_again(reporting_admin: Pool, reader: Pool, owner: str) -> None:
    await reporting_admin.execute("DROP VIEW bi.dim_dates")
    await apply(SCHEMA, owner)
    assert await reader.fetchval(DATES) > 0


async def test_a_view_whose_file_went_goes_with_it_once_no_other_reads_it(
    reporting_admin: Pool, owner: str, changed: Schema
) -> None:
    assert changed.views
    file = changed.views.folder / "fct_alerts.sql"
    alerts = file.read_text()
    file.write_text("CREATE OR REPLACE VIEW bi.fct_alerts AS SELECT customer_id FROM bi.dim_customers;\n")
    await apply(changed, owner)
    file.write_text(alerts)
    (changed.views.folder / "dim_customers.sql").unlink()
    await apply(changed, owner)
    assert await reporting_admin.fetchval("SELECT to_regclass('bi.dim_customers')") is None


async def test_a_new_column_at_the_end_leaves_what_others_built_on_the_view(
    reporting_admin: Pool, owner: str, changed: Schema
) -> None:
    await reporting_admin.execute("CREATE VIEW own AS SELECT max(calendar_date) AS last FROM bi.dim_dates")
    rewrite(changed, "dim_dates", "AS calendar_status\n", "AS calendar_status, 1 AS more\n")
    await apply(changed, owner)
    assert await reporting_admin.fetchval("SELECT max(more) FROM bi.dim_dates") == 1
    assert str(await reporting_admin.fetchval("SELECT last FROM own")) == "2035-12-31"


async def test_a_changed_column_is_refused_while_others_build_on_the_view_and_nothing_has_changed(
    reporting_admin: Pool, owner: str, changed: Schema
) -> None:
    before = await reporting_admin.fetch(FORM)
    await reporting_admin.execute("CREATE VIEW own AS SELECT max(calendar_date) AS last FROM bi.dim_dates")
    rewrite(changed, "dim_dates", AS_DATE, "SELECT d::text AS calendar_date")
    with pytest.raises(MigrationFailedError, match=r"view own depends on view bi\.dim_dates"):
        await apply(changed, owner)
    assert await reporting_admin.fetch(FORM) == before


async def test_a_view_may_read_one_whose_name_comes_before_its_own(reader: Pool, owner: str, changed: Schema) -> None:
    assert changed.views
    (changed.views.folder / "fct_days.sql").write_text(
        "CREATE OR REPLACE VIEW bi.fct_days AS SELECT calendar_date FROM bi.dim_dates;\n"
        "GRANT SELECT ON bi.fct_days TO bi_reader;\n"
    )
    await apply(changed, owner)
    rewrite(changed, "dim_dates", AS_DATE, "SELECT d::text AS calendar_date")
    await apply(changed, owner)
    assert await reader.fetchval("SELECT max(calendar_date) FROM bi.fct_days") == "2035-12-31 00:00:00"


async def test_a_reader_never_misses_a_view_while_it_is_recreated(reader: Pool, owner: str, changed: Schema) -> None:
    counts: list[int] = []

    async def read() -> None:
        while True:
            counts.append(await reader.fetchval("SELECT count(calendar_date) FROM bi.dim_dates"))

    async with background(read):
        for before, after in ((AS_DATE, "SELECT d AS calendar_date"), ("SELECT d AS calendar_date", AS_DATE)):
            rewrite(changed, "dim_dates", before, after)
            seen = len(counts)
            await apply(changed, owner)
            await eventually(lambda seen=seen: more_than(counts, seen))  # type: ignore[misc]
    assert len(set(counts)) == 1


async def more_than(counts: list[int], seen: int) -> bool:
    return len(counts) > seen + 1


async def test_a_change_gives_way_to_a_long_reader_and_comes_after_it(
    reporting_admin: Pool, reader: Pool, owner: str, changed: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "PAUSE_SECONDS", 0.1)
    rewrite(changed, "dim_dates", "'The day / 日期'", "'A day / 日期'")
    async with reader.acquire() as held, held.transaction():
        await held.execute(DATES)
        applying = asyncio.create_task(apply(changed, owner))
        await eventually(lambda: reporting_admin.fetchval(WAITING))
        assert await reader.fetchval(DATES) > 0, "another reader waits a second at most"
        assert not applying.done()
    await applying


async def test_two_concurrent_migrations_of_views_do_not_conflict(
    reporting_admin: Pool, owner: str, changed: Schema
) -> None:
    rewrite(changed, "dim_dates", AS_DATE, "SELECT d::text AS calendar_date")
    await asyncio.gather(apply(changed, owner), apply(changed, owner))
    assert await reporting_admin.fetchval("SELECT pg_typeof(calendar_date)::text FROM bi.dim_dates LIMIT 1") == "text"


def test_a_file_makes_the_view_that_it_is_named_for_and_lets_bi_read_it() -> None:
    for file in (HERE / "views").glob("*.sql"):
        text = file.read_text()
        assert text.startswith(f"CREATE OR REPLACE VIEW bi.{file.stem} AS\n")
        assert text.endswith(f"\nGRANT SELECT ON bi.{file.stem} TO bi_reader;\n")
