"""Database privileges (S7, S8), checked on the databases of the running product."""

from collections.abc import Mapping

import asyncpg
import pytest

from deploy.stack import credentials, databases
from deploy.stack.databases import DatabaseUrls
from services import openapi
from tests.support.product import Product
from tests.support.servers import Database, at

STORE = {
    "event": "INSERT SELECT",
    "idempotency": "INSERT SELECT",
    "erasure": "INSERT SELECT",
    # An erasure deletes entries of the vault; nothing updates them.
    "vault": "DELETE INSERT SELECT",
    "snapshot": "DELETE INSERT SELECT UPDATE",
    "relay_cursor": "INSERT SELECT UPDATE",
    "relay_lease": "INSERT SELECT UPDATE",
    "relay_partition": "INSERT SELECT UPDATE",
    "store_head": "SELECT",
    "store_epoch": "SELECT",
    "store_watermark_instant": "SELECT UPDATE",
}
CONSUMER = {
    "consumer_position": "INSERT SELECT UPDATE",
    "parked_event": "DELETE INSERT SELECT UPDATE",
    "discarded_event": "INSERT SELECT",
}
IMPORTS = {
    "import_batch": "INSERT SELECT UPDATE",
    "import_row": "DELETE INSERT SELECT UPDATE",
    "erased_import_key": "DELETE INSERT SELECT UPDATE",
    "import_order": "USAGE",
}
# All privileges of the roles of running services. They may not even read any other table.
RIGHTS: Mapping[str, Mapping[str, str]] = {
    "customer": STORE
    | CONSUMER
    | IMPORTS
    | dict.fromkeys(("customer", "customer_reference", "employee", "key_contact_dates"), "INSERT SELECT UPDATE")
    | dict.fromkeys(("customer_order", "quote", "contract", "handover", "open_item"), "INSERT SELECT UPDATE")
    | dict.fromkeys(("tier_scheme", "tier_due", "interaction", "customer_search", "segment"), "INSERT SELECT UPDATE")
    | dict.fromkeys(("handover_batch", "handover_item", "customer_likeness", "duplicate_pair"), "INSERT SELECT UPDATE")
    | {"erasure_answer": "INSERT SELECT UPDATE", "erasure_confirmation": "INSERT SELECT"}
    | {"waiting_version": "DELETE INSERT SELECT", "leader_change": "INSERT SELECT UPDATE"},
    "followup": STORE
    | CONSUMER
    | IMPORTS
    | dict.fromkeys(("contact", "task", "complaint", "customer_ref"), "INSERT SELECT UPDATE")
    | dict.fromkeys(
        ("plan", "plan_customer", "plan_template", "plan_turn", "guard", "guard_watch", "survey", "anonymous_answer"),
        "INSERT SELECT UPDATE",
    )
    | dict.fromkeys(("absence", "leaver"), "INSERT SELECT UPDATE")
    | {"reassignment": "DELETE INSERT SELECT UPDATE", "plan_ending": "DELETE INSERT SELECT"}
    | {"waiting_version": "DELETE INSERT SELECT", "tier_scheme": "INSERT SELECT"},
    "alerts": STORE
    | CONSUMER
    | dict.fromkeys(
        ("silence", "alert", "alert_history", "customer_holders", "erasure_received"), "INSERT SELECT UPDATE"
    )
    | {
        **dict.fromkeys(("silence_item", "alert_ladder", "mute"), "DELETE INSERT SELECT UPDATE"),
        "fact": "INSERT SELECT",
    }
    | {
        "rule": "INSERT SELECT UPDATE",
        "rule_sweep": "DELETE INSERT SELECT UPDATE",
        "rule_build": "DELETE INSERT SELECT UPDATE",
        "pending_change": "DELETE INSERT SELECT UPDATE",
    }
    | dict.fromkeys(("shadow_episode", "rule_failure"), "DELETE INSERT SELECT UPDATE"),
    "reporting": CONSUMER
    | {"business_zone": "SELECT UPDATE"}
    | dict.fromkeys(
        ("customer", "task", "complaint", "alert", "plan", "survey", "customer_order", "quote", "contract"),
        "INSERT SELECT UPDATE",
    )
    | dict.fromkeys(("contact", "stage_transition"), "SELECT")
    | {"fact": "INSERT SELECT", "erasure_received": "INSERT SELECT UPDATE"},
}
GRANTED = """
    SELECT c.relname AS name, r.rolname AS role, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type) AS rights
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') AND a.grantee <> c.relowner
    GROUP BY 1, 2
"""
POWERS = """
    SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
        array(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid) AS groups
    FROM pg_roles r WHERE rolname LIKE 'care\\_%' OR rolname LIKE 'bi\\_%'
"""
OWNERS = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
BORROWING = "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace::regnamespace::text <> 'pg_catalog'"
FORBIDDEN = (
    "CREATE TABLE mine (n integer)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "DROP TABLE consumer_position",
    "ALTER TABLE consumer_position ADD COLUMN mine integer",
    "TRUNCATE consumer_position",
    "UPDATE schema_migrations SET version = '0'",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/hosts')",
    "COPY consumer_position TO PROGRAM 'true'",
    "SET ROLE care_migrator",
)
ON_FACTS = tuple(
    statement
    for table, column in (("event", "version"), ("idempotency", "status"), ("vault", "value"), ("erasure", "entries"))
    for statement in (f"UPDATE {table} SET {column} = NULL", f"DELETE FROM {table}", f"TRUNCATE {table}")
    if statement != "DELETE FROM vault"
)


@pytest.fixture(scope="module")
def urls(product: Product) -> DatabaseUrls:
    return databases.urls(product.environment["CARE_CUSTOMER_DATABASE_URL"], credentials.load(product.data_dir))


async def enters(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InsufficientPrivilegeError:
        return False
    await connection.close()
    return True


async def test_everybody_enters_their_own_database_only(urls: DatabaseUrls) -> None:
    logins = {**urls.app, "bi": urls.bi_reader, "builder": urls.bi_builder}
    entered = {
        name: {service for service in openapi.SERVICES if await enters(at(url, f"care_{service}"))}
        for name, url in logins.items()
    }
    assert entered == {service: {service} for service in openapi.SERVICES} | {
        "bi": {"reporting"},
        "builder": {"reporting"},
    }


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_a_service_has_been_granted_what_is_listed_and_no_more(urls: DatabaseUrls, service: str) -> None:
    owner = await asyncpg.connect(urls.migrator[service])
    granted = await owner.fetch(GRANTED)
    owners, borrowing = await owner.fetch(OWNERS), await owner.fetch(BORROWING)
    await owner.close()
    assert {row["name"]: row["rights"] for row in granted if row["role"] == "care_app"} == RIGHTS[service]
    assert {row["role"] for row in granted} <= {"care_app", "bi_reader"}
    assert [row["tableowner"] for row in owners] == ["care_migrator"]
    assert {row["proname"] for row in borrowing} == ({"maintain_idempotency"} if "event" in RIGHTS[service] else set())


@pytest.mark.parametrize("service", openapi.SERVICES)
async def test_a_service_is_refused_all_else(urls: DatabaseUrls, service: str) -> None:
    connection = await asyncpg.connect(urls.app[service])
    for statement in (*FORBIDDEN, *(ON_FACTS if "event" in RIGHTS[service] else ())):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_no_role_of_ours_has_powers_over_the_cluster(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.migrator["customer"])
    roles = {name: (powers, groups) for name, *powers, groups in await owner.fetch(POWERS)}
    await owner.close()
    services = {f"care_{name}" for name in openapi.SERVICES}
    assert roles.keys() == {"care_app", "care_migrator", "bi_reader", "bi_builder"} | services
    assert not [name for name, (powers, _) in roles.items() if any(powers)]
    assert {name: groups for name, (_, groups) in roles.items() if groups} == {
        f"care_{name}": ["care_app"] for name in openapi.SERVICES
    } | {"bi_builder": ["bi_reader"]}


async def test_a_right_too_many_is_seen(database: Database) -> None:
    owner = await asyncpg.connect(database.admin)
    await owner.execute("GRANT DELETE ON event TO care_app; GRANT SELECT ON vault TO PUBLIC")
    granted = {(row["name"], row["role"]): row["rights"] for row in await owner.fetch(GRANTED)}
    await owner.close()
    assert granted["event", "care_app"] == "DELETE INSERT SELECT"
    assert granted["vault", None] == "SELECT"
