"""What is in the containers, and what they may do."""

import asyncpg
import pytest

from tests.containers.stack import PARTS, SERVICES, Stack

pytestmark = pytest.mark.nightly
PYTHON_PARTS = (*SERVICES, "issuer")


async def test_the_doctor_finds_nothing_wrong_after_the_start(stack: Stack) -> None:
    assert await stack.problems() == []


@pytest.mark.parametrize("part", [part for part in PARTS if part != "kafka"])
def test_a_container_cannot_change_its_own_files(stack: Stack, part: str) -> None:
    attempt = "touch /usr/local/x 2>&1 && echo changed || true"
    assert "Read-only file system" in stack.inside(part, "sh", "-c", attempt)


@pytest.mark.parametrize("part", PARTS)
def test_a_container_has_no_capabilities_and_can_gain_none(stack: Stack, part: str) -> None:
    status = dict(
        line.split(":\t", 1) for line in stack.inside(part, "cat", "/proc/1/status").splitlines() if ":\t" in line
    )
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert "0" not in status["Uid"].split()


def test_the_image_has_no_installer_and_everything_is_compiled(stack: Stack) -> None:
    assert stack.inside("customer", "sh", "-c", "python -c 'import pip' 2>&1 || true").endswith("named 'pip'")
    modules = "import services.customer.api as a, fastapi as b, json as c"
    printed = stack.inside("customer", "python", "-c", f"{modules}; print(a.__cached__, b.__cached__, c.__cached__)")
    for compiled in printed.split():
        stack.inside("customer", "test", "-s", compiled)


def test_all_services_run_one_image(stack: Stack) -> None:
    assert len({stack.seen(part, ".Image") for part in PYTHON_PARTS}) == 1


async def test_the_password_of_one_database_opens_no_other(stack: Stack) -> None:
    environment = stack.environment()
    own = environment["CARE_CUSTOMER_DATABASE_URL"]
    await (await asyncpg.connect(own)).close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(own.removesuffix("care_customer") + "care_followup")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.replace("care_customer", "care_followup"))
