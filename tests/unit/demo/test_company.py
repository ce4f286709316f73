"""The generated company is plausible, reproducible by its seed, and inactive exactly where it says."""

import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from chassis.files.formats import CSV_TYPE
from chassis.files.table import Column
from demo.company import CUSTOMER_HEADERS, FOLLOW_UP_HEADERS, Company, customers_csv, followups_csv, generate
from demo.company_life import HISTORY_DAYS, OPEN, QUIET_AFTER_DAYS
from tests.support.tables import Table, read_table

TODAY = date(2026, 6, 1)


@cache
def company(seed: int = 7) -> Company:
    return generate(seed, 2_000, TODAY)


def read(content: bytes, headers: tuple[str, ...]) -> Table:
    return read_table(content, CSV_TYPE, [Column(header, (header,), required=True) for header in headers])


def latest_by_customer(told: Company) -> dict[str, date]:
    return {row.customer: row.followed_up_on for row in told.followups}


def test_the_same_seed_tells_the_same_company() -> None:
    again = generate(7, 2_000, TODAY)
    assert customers_csv(again) == customers_csv(company())
    assert followups_csv(again) == followups_csv(company())
    assert again == company()


def test_another_seed_tells_another_company() -> None:
    assert customers_csv(company(8)) != customers_csv(company(7))
    assert followups_csv(company(8)) != followups_csv(company(7))


def test_the_files_carry_the_headers_that_companies_use() -> None:
    customers = read(customers_csv(company()), CUSTOMER_HEADERS)
    followups = read(followups_csv(company()), FOLLOW_UP_HEADERS)
    assert customers.rows[0].cells["客户编号"] == "C000001"
    assert (len(customers.rows), len(followups.rows)) == (2_000, len(company().followups))


def test_names_and_numbers_are_unique() -> None:
    assert len({row.name for row in company().customers}) == 2_000
    assert len({row.number for row in company().customers}) == 2_000


def test_every_follow_up_belongs_to_a_customer_and_every_customer_has_one() -> None:
    assert {row.customer for row in company().followups} == {row.name for row in company().customers}


@pytest.mark.parametrize(("tier", "share"), [("VIP", 0.08), ("成长型", 0.27), ("普通", 0.65)])
def test_tiers_are_split_as_in_a_real_company(tier: str, share: float) -> None:
    assert sum(row.tier == tier for row in company().customers) / 2_000 == pytest.approx(share, abs=0.04)


def test_all_stages_occur_and_most_customers_are_established() -> None:
    stages = Counter(row.stage for row in company().customers)
    assert set(stages) == {"新客户", "意向", "签约", "老客户", "流失"}
    assert stages.most_common(1)[0][0] == "老客户"


def test_thirty_owners_work_in_six_teams() -> None:
    owners = [owner for team in company().teams.values() for owner in team]
    assert (len(company().teams), len(set(owners))) == (6, 30)
    assert {row.owner for row in company().customers} == set(owners)
    assert not set(owners) & set(company().teams)


def test_follow_ups_cover_the_last_two_years_in_order() -> None:
    days = [row.followed_up_on for row in company().followups]
    assert days == sorted(days)
    # A contact due on a Sunday is told on the Friday before.
    assert TODAY - timedelta(days=HISTORY_DAYS + 2) <= days[0] <= TODAY - timedelta(days=HISTORY_DAYS - 7)
    assert TODAY - timedelta(days=7) <= days[-1] <= TODAY


def test_a_customer_has_about_ten_follow_ups() -> None:
    assert 8 <= len(company().followups) / 2_000 <= 13


@pytest.mark.parametrize(("tier", "shortest", "longest"), [("VIP", 14, 21), ("成长型", 32, 45), ("普通", 70, 100)])
def test_each_tier_is_contacted_in_its_rhythm(tier: str, shortest: int, longest: int) -> None:
    kept = {
        row.name
        for row in company().customers
        if row.tier == tier and row.stage == "老客户" and row.name not in company().silent
    }
    days: dict[str, list[date]] = {name: [] for name in kept}
    for row in company().followups:
        if row.customer in kept and row.status != OPEN:
            days[row.customer].append(row.followed_up_on)
    gaps = [(later - earlier).days for each in days.values() for earlier, later in pairwise(each)]
    assert shortest <= sum(gaps) / len(gaps) <= longest


def test_most_follow_ups_are_done_and_some_are_left_open() -> None:
    statuses = Counter(row.status for row in company().followups)
    assert set(statuses) == {"已完成", "已解决", OPEN}
    assert 0.005 <= statuses[OPEN] / statuses.total() <= 0.05


def test_the_last_contact_of_a_customer_is_the_last_follow_up_that_took_place() -> None:
    last = {row.customer: row.followed_up_on for row in company().followups if row.status != OPEN}
    assert {row.name: row.last_contact_on for row in company().customers} == last


def test_a_known_share_of_the_customers_is_planted_as_silent() -> None:
    assert len(company().silent) == 240


@pytest.mark.parametrize("seed", range(5))
def test_the_files_alone_show_which_customers_are_inactive(seed: int) -> None:
    told = generate(seed, 1_000, TODAY + timedelta(days=seed))
    latest = latest_by_customer(told)
    quiet = {
        row.name
        for row in told.customers
        if row.stage != "流失" and (TODAY + timedelta(days=seed) - latest[row.name]).days > QUIET_AFTER_DAYS[row.tier]
    }
    assert quiet == told.silent


def test_silence_has_three_causes_that_show_in_the_files() -> None:
    last = {row.customer: row for row in company().followups}
    endings = Counter(
        (last[name].status == OPEN, last[name].content.startswith("投诉处理")) for name in company().silent
    )
    assert endings[True, True] == endings[True, False] == 80
    assert endings[False, True] + endings[False, False] == 80


def test_an_owner_who_left_has_no_later_contacts_and_only_inactive_customers() -> None:
    last = {row.owner: row.followed_up_on for row in company().followups}
    gone = {owner for owner, day in last.items() if day < TODAY - timedelta(days=100)}
    theirs = {row.name for row in company().customers if row.owner in gone}
    assert len(gone) == 2
    assert theirs
    assert theirs <= company().silent


@pytest.mark.parametrize("customers", [0, 1, 3])
def test_a_company_may_be_small(customers: int) -> None:
    assert len(generate(7, customers, TODAY).customers) == customers


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.company", "--seed", "7", "--customers", "2000", "--today", "2026-06-01"]
    subprocess.run([*command, "--out", str(tmp_path / "new")], check=True, capture_output=True)
    assert (tmp_path / "new" / "customers.csv").read_bytes() == customers_csv(company())
    assert (tmp_path / "new" / "followups.csv").read_bytes() == followups_csv(company())
