"""Case 54: the commands of `care` on a running product."""

import asyncio
import os
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.stack.layout import PROJECT
from tests.support.care import care
from tests.support.product import Product
from tests.support.tables import rows, workbook
from tests.support.waiting import eventually


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    """A file of which one row is valid, and one is not."""
    file = tmp_path / "customers-of-a-fair.csv"
    file.write_text(f"customer_name,tier\nFair {uuid4()},vip\nOther {uuid4()},gold\n", "utf-8")
    return file


async def test_54_status_lists_every_part_with_its_address_and_start(product: Product) -> None:
    shown = await care(product.data_dir, "status", "--json")
    parts = {part["name"]: part for part in shown.document["parts"]}
    assert shown.code == 0
    assert parts.keys() == {"PostgreSQL", "Kafka", "issuer", "customer", "followup", "alerts", "reporting"}
    assert all(part["running"] and part["ready"] and part["since"] for part in parts.values())
    assert parts["customer"]["address"] == product.environment["CARE_CUSTOMER_URL"]
    people = await care(product.data_dir, "status", "--language", "zh")
    assert "就绪" in people.output
    assert product.environment["CARE_ISSUER"] in people.output


async def test_54_a_token_and_the_addresses_are_alone_on_standard_output(product: Product) -> None:
    token = await care(product.data_dir, "token", "--subject", "E1", "--role", "leader", "--role", "ops")
    assert (token.code, token.output.count("\n"), token.errors) == (0, 1, "")
    assert token.output.count(".") == 2
    shown = await care(product.data_dir, "env")
    assert f"export CARE_ALERTS_URL={product.environment['CARE_ALERTS_URL']}\n" in shown.output
    assert (await care(product.data_dir, "env", "--json")).document == product.environment


async def test_54_a_role_that_the_issuer_refuses_is_an_error(product: Product) -> None:
    shown = await care(product.data_dir, "token", "--role", "NO ROLE")
    assert (shown.code, shown.output) == (1, "")
    assert "roles.0" in shown.errors


async def test_54_an_import_prints_the_outcome_of_each_row_and_fails_if_one_fails(
    product: Product, bad_file: Path
) -> None:
    told = await care(product.data_dir, "import", str(bad_file), "--preview", "--json")
    assert (told.code, told.document["preview"]["counts"]) == (1, {"created": 1, "failed": 1})
    shown = await care(product.data_dir, "import", str(bad_file), "--language", "zh")
    assert shown.code == 1
    assert "新建 1, 失败 1" in shown.output
    assert "须为以下之一" in shown.output
    again = await care(product.data_dir, "import", str(bad_file), "--kind", "customers", "--json")
    assert (again.code, again.document["import"]["counts"]) == (1, {"failed": 1, "unchanged": 1})
    assert [row["outcome"] for row in again.document["rows"]] == ["unchanged", "failed"]


async def test_54_a_file_of_no_known_kind_is_wrong_use(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("customer_name\nX\n")
    unknown = await care(product.data_dir, "import", str(file))
    assert (unknown.code, "followups" in unknown.errors) == (2, True)
    document = tmp_path / "orders.ods"
    document.touch()
    assert (await care(product.data_dir, "import", str(document))).code == 2


async def test_54_a_file_that_the_service_refuses_is_an_error_with_its_reason(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("tier\nvip\n")
    shown = await care(product.data_dir, "import", str(file), "--language", "zh")
    assert (shown.code, shown.output) == (1, "")
    assert "缺少列" in shown.errors


async def test_15_the_sheet_to_import_is_named_on_the_command_line(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "customers.xlsx"
    names = [f"Sheet company {uuid4()}" for _ in range(2)]
    file.write_bytes(workbook(*((f"S{number}", rows(["name"], [name])) for number, name in enumerate(names))))
    shown = await care(product.data_dir, "import", str(file), "--sheet", "S1", "--json")
    assert (shown.code, shown.document["import"]["sheet"]) == (0, "S1")
    unknown = await care(product.data_dir, "import", str(file), "--sheet", "S2")
    assert (unknown.code, "S0, S1" in unknown.errors) == (1, True)


async def test_34_the_system_of_the_numbers_is_named_on_the_command_line(product: Product, tmp_path: Path) -> None:
    file, number = tmp_path / "customers.csv", str(uuid4())
    known = {"kind": "company", "name": f"Known to {number}", "external": {"system": "erp", "id": number}}
    await product.client.post("customer", "/v1/customers", known)
    file.write_text(f"customer_number,customer_name\n{number},{known['name']}\n", "utf-8")
    for options, outcome in ((["--system", "erp"], "unchanged"), ([], "created")):
        told = await care(product.data_dir, "import", str(file), *options, "--preview", "--json")
        assert told.document["preview"]["counts"] == {outcome: 1}
    sent = await care(product.data_dir, "import", str(file), "--system", "erp", "--json")
    assert (sent.code, sent.document["import"]["counts"]) == (0, {"unchanged": 1})
    refused = await care(product.data_dir, "import", str(file), "--system", "Our ERP")
    assert (refused.code, refused.output, "422" in refused.errors) == (1, "", True)


async def test_a_template_that_is_sent_as_it_is_says_that_it_is_empty(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "orders.xlsx"
    url = product.client.urls["customer"]
    file.write_bytes((await product.client.http.get(f"{url}/v1/imports/template?kind=orders")).content)
    shown = await care(product.data_dir, "import", str(file), "--language", "zh")
    assert (shown.code, "表头下面没有数据行" in shown.output) == (0, True)


async def test_54_a_listener_prints_what_arrives_as_json_lines(product: Product) -> None:
    topic = "care.customer.events.v1"
    listener = asyncio.create_task(care(product.data_dir, "listen", topic, "--count", "1", "--from-start"))
    name = f"Listened {uuid4()}"
    made = await product.client.post("customer", "/v1/customers", {"name": name})
    shown = await listener
    assert shown.code == 0
    assert shown.document["value"]["type"].startswith("care.customer.")
    assert (await care(product.data_dir, "listen", topic, "--until-end")).output == ""

    async def is_published() -> bool:
        records = await care(product.data_dir, "listen", topic, "--from-start", "--until-end")
        return f'"key": "{made["id"]}"' in records.output

    await eventually(is_published)


async def test_54_a_topic_that_is_not_there_is_wrong_use_and_the_others_are_named(product: Product) -> None:
    shown = await care(product.data_dir, "listen", "care.no-topic")
    assert (shown.code, shown.output) == (2, "")
    assert "care.alert.events.v1" in shown.errors


async def test_54_the_events_of_a_customer_are_listed_newest_first(product: Product) -> None:
    made = await product.client.post("customer", "/v1/customers", {"name": f"Seen {uuid4()}", "tier": {"tier": "vip"}})

    async def is_listed() -> bool:
        return (await care(product.data_dir, "events", made["id"])).code == 0

    await eventually(is_listed)
    shown = await care(product.data_dir, "events", made["id"], "--json")
    assert shown.document[-1]["type"] == "care.customer.registered.v1"
    newest = await care(product.data_dir, "events", made["id"], "--limit", "1")
    assert "customer.tier-changed" in newest.output
    assert "customer.registered" not in newest.output
    unknown = await care(product.data_dir, "events", str(uuid4()))
    assert (unknown.code, unknown.output) == (1, "")


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
async def test_54_psql_connects_as_the_role_of_the_service_or_as_the_owner(product: Product) -> None:
    question = ("--", "--tuples-only", "--no-align", "--command", "SELECT current_user")
    users = {
        ("bi",): "bi_reader",
        ("followup",): "care_followup",
        ("alerts", "--owner"): "care_migrator",
    }
    for what, user in users.items():
        assert (await care(product.data_dir, "psql", *what, *question)).output == f"{user}\n"
    assert (await care(product.data_dir, "psql", "nobody")).code == 2


async def test_54_without_psql_the_address_is_printed(product: Product, tmp_path: Path) -> None:
    for program in ("sh", "readlink", "dirname"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    shown = await care(product.data_dir, "psql", "bi", PATH=str(tmp_path))
    assert (shown.code, shown.output) == (1, "")
    assert product.environment["CARE_BI_READER_URL"] in shown.errors


async def test_54_the_commands_of_a_service_need_no_settings(product: Product) -> None:
    assert (await care(product.data_dir, "parked", "alerts", "list", "--json")).document == []
    replayed = await care(product.data_dir, "parked", "reporting", "replay", str(uuid4()))
    assert (replayed.code, replayed.output) == (0, "reporting: 0 events applied\n")
    discarded = await care(product.data_dir, "parked", "reporting", "discard", str(uuid4()), "--json")
    assert discarded.document == {"reporting": 0}
    rebuilt = await care(product.data_dir, "rebuild", "alerts", "alert-list", "--json")
    assert (rebuilt.code, rebuilt.document["rebuilt"]) == (0, ["alert-list"])
    assert (await care(product.data_dir, "rebuild", "alerts", "no-model")).code == 2
    assert (await care(product.data_dir, "rebuild", "nobody")).code == 2


async def test_54_a_restore_can_be_looked_at_but_not_declared_while_services_run(
    product: Product, tmp_path: Path
) -> None:
    shown = await care(product.data_dir, "restore", "status", "--json")
    assert {store["name"] for store in shown.document["stores"]} == {"customer", "followup", "alerts"}
    file = str(tmp_path / "erasures.jsonl")
    refused = await care(product.data_dir, "restore", "declare", "--erasures-file", file)
    assert (refused.code, refused.output) == (1, "")
    assert "Stop all services first" in refused.errors
    repeated = await care(product.data_dir, "restore", "repeat-erasures", file, "--json")
    assert repeated.code == 0
    assert (await care(product.data_dir, "refill")).code == 1


async def test_54_the_doctor_speaks_both_languages(product: Product) -> None:
    async def is_well() -> bool:
        return (await care(product.data_dir, "doctor", "--json")).code == 0

    await eventually(is_well)
    assert "全部检查通过" in (await care(product.data_dir, "doctor", "--language", "zh")).output


async def test_54_start_changes_nothing_while_the_stack_runs(product: Product) -> None:
    shown = await care(product.data_dir, "start", "--json")
    assert (shown.code, shown.document["pid"], shown.document["phase"]) == (0, os.getpid(), "ready")


@pytest.mark.parametrize("variable", ["DATA_DIR", "CARE_DATA_DIR"])
async def test_54_a_make_target_is_a_name_for_a_command(product: Product, variable: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("make", "--silent", "--old-file=.venv/installed-from-dev.txt", "env"),
        cwd=PROJECT,
        env={**os.environ, variable: str(product.data_dir)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert output.decode() == (await care(product.data_dir, "env")).output
