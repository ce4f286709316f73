"""The programs that can open the data are chosen, and the data is where its account can reach it."""

from pathlib import Path

import asyncpg
import pytest

from deploy.stack import account, databases, environment, java, postgres_binaries
from deploy.stack.account import Account
from deploy.stack.credentials import Credentials
from deploy.stack.errors import StackError
from deploy.stack.postgres_binaries import Binaries, inspect, pick, written_by
from deploy.stack.providers import StartOptions

EIGHTEEN = Binaries(Path("/eighteen"), "18.6")
FIFTEEN = Binaries(Path("/fifteen"), "15.18")
STRANGER = Account(uid=54_321, gid=54_321)


def test_without_data_the_newest_is_taken() -> None:
    assert pick([EIGHTEEN, FIFTEEN], needed_major=None) == EIGHTEEN


def test_with_data_the_version_that_wrote_it_is_taken() -> None:
    assert pick([EIGHTEEN, FIFTEEN], needed_major=15) == FIFTEEN


def test_data_that_no_version_here_can_open_is_told_in_a_sentence() -> None:
    with pytest.raises(StackError, match=r"written by PostgreSQL 16, .* were found: 18\.6, 15\.18\..*\./care reset"):
        pick([EIGHTEEN, FIFTEEN], needed_major=16)


def test_the_version_that_wrote_the_data_is_read_from_it(tmp_path: Path) -> None:
    assert written_by(tmp_path) is None
    (tmp_path / "PG_VERSION").write_text("15\n")
    assert written_by(tmp_path) == 15


def test_a_folder_without_the_programs_is_no_server(tmp_path: Path) -> None:
    assert inspect(tmp_path) is None


def test_a_closed_folder_above_keeps_another_account_out(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not account.can_reach(closed / "data", STRANGER)
    assert account.can_reach(closed / "data", None)
    assert account.can_reach(Path("/var"), STRANGER)


def test_data_that_its_account_cannot_reach_goes_elsewhere_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(account, "PERSISTENT", elsewhere)
    monkeypatch.setattr("os.chown", lambda *_: None)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    made = account.make_folder(closed / "postgres", STRANGER)
    assert made.parent == elsewhere
    assert account.make_folder(closed / "postgres", STRANGER) == made


@pytest.mark.parametrize(
    ("admin", "expected"),
    [
        ("postgresql://postgres:x@[::1]:5433/postgres?sslmode=require", "[::1]:5433/care_alerts?sslmode=require"),
        ("postgresql://postgres:x@db.example.org/postgres", "db.example.org:5432/care_alerts"),
    ],
)
def test_the_addresses_of_the_databases_follow_that_of_the_cluster(admin: str, expected: str) -> None:
    secrets = Credentials()
    url = databases.urls(admin, secrets).app["alerts"]
    assert url == f"postgresql://care_alerts:{secrets.roles['care_alerts']}@{expected}"


def test_a_program_that_cannot_be_run_is_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("postgres", "initdb", "pg_config", "java"):
        (tmp_path / program).write_text("#!/no/such/interpreter\n")
        (tmp_path / program).chmod(0o755)
    assert inspect(tmp_path) is None
    assert java._major_of(tmp_path / "java") == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_binaries, "PATTERNS", ())
    assert list(postgres_binaries._candidates()) == [tmp_path]


async def test_a_wrong_password_in_the_address_is_an_error_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_url: str) -> bool:
        raise asyncpg.InvalidPasswordError('password authentication failed for user "postgres"')

    monkeypatch.setenv("CARE_POSTGRES_ADMIN_URL", "postgresql://postgres:secret@db.example.org/postgres")
    monkeypatch.setattr("deploy.stack.environment.postgres.answers", refuse)
    [provider] = environment.postgres_providers()
    with pytest.raises(StackError, match=r"db\.example\.org:5432 refuses.*authentication failed") as caught:
        async with provider.start(StartOptions(tmp_path, 1, Credentials(), print)):
            pass
    assert "secret" not in str(caught.value)
