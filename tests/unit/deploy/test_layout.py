"""Every port follows from one number, and each service is told only what is its own."""

import pytest

from deploy.stack import databases, layout
from deploy.stack.credentials import Credentials
from deploy.stack.databases import SERVICES
from deploy.stack.errors import StackError
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.layout import Layout

CREDENTIALS = Credentials()
ADMIN_URL = f"postgresql://postgres:{CREDENTIALS.postgres_admin}@127.0.0.1:9032/postgres"
URLS = databases.urls(ADMIN_URL, CREDENTIALS)
SERVERS = Infrastructure("postgresql://127.0.0.1/postgres", "PostgreSQL", "127.0.0.1:9092", "Kafka", kafka_genuine=True)


def test_the_ports_follow_from_the_base() -> None:
    nine = Layout(9000)
    assert nine.issuer == "http://127.0.0.1:9000"
    assert [nine.port(service) for service in SERVICES] == [9001, 9002, 9003, 9004]
    assert (nine.postgres, nine.kafka, nine.kafka_controller) == (9032, 9092, 9093)


@pytest.mark.parametrize("base", [0, 80, 65_500, 70_000])
def test_a_base_that_leaves_no_room_for_the_ports_is_refused(base: int) -> None:
    with pytest.raises(StackError, match="choose one from 1024 to 65442"):
        Layout(base)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_its_own_database_and_no_other_password(service: str) -> None:
    told = layout.service_environment(service, Layout(9000), URLS, SERVERS, CREDENTIALS)
    own = CREDENTIALS.roles[f"care_{service}"]
    assert told["CARE_DATABASE_URL"].startswith(f"postgresql://care_{service}:{own}@127.0.0.1:9032/")
    others = {CREDENTIALS.postgres_admin, *CREDENTIALS.roles.values()} - {own}
    assert not [password for password in others if password in " ".join(told.values())]


def test_what_is_told_to_all_holds_no_password_that_could_change_a_table() -> None:
    told = " ".join(layout.public_environment(Layout(9000), URLS, "127.0.0.1:9092").values())
    assert CREDENTIALS.postgres_admin not in told
    assert CREDENTIALS.roles["care_migrator"] not in told


def test_a_suffix_makes_other_databases_of_the_same_roles() -> None:
    urls = databases.urls(ADMIN_URL, CREDENTIALS, "_t1")
    assert urls.app["alerts"].endswith("@127.0.0.1:9032/care_alerts_t1")
    assert urls.migrator["alerts"].startswith("postgresql://care_migrator:")
    assert urls.bi_reader.endswith("/care_reporting_t1")
