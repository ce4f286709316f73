"""What stays when the containers are stopped, and what does not."""

import pytest

from deploy.stack import compose
from tests.containers.customers import known_everywhere, registered
from tests.containers.stack import SERVICES, Stack, new_stack

pytestmark = pytest.mark.nightly
VOLUMES = 3
DRAINED_EXIT_CODES = {"0", "143"}


async def test_stopping_removes_the_containers_and_keeps_the_data() -> None:
    with new_stack() as stack:
        volumes_before = set(stack.engine("volume", "ls", "--quiet").split())
        stack.up()
        async with stack.client() as client:
            customer_id = await registered(client, "stays")
        stack.down()
        assert (stack.left("ps --all"), stack.left("network ls")) == ([], [])
        added = set(stack.engine("volume", "ls", "--quiet").split()) - volumes_before
        assert added == set(stack.left("volume ls"))
        assert len(added) == VOLUMES
        stack.up()
        async with stack.client() as client:
            await known_everywhere(client, customer_id)
        compose.remove(stack.data_dir, stack.command)
        assert [stack.left(kind) for kind in ("ps --all", "network ls", "volume ls")] == [[], [], []]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_that_is_stopped_ends_by_itself(stack: Stack, service: str) -> None:
    since = stack.started(service)
    stack.compose("stop", service)
    assert stack.seen(service, ".State.ExitCode") in DRAINED_EXIT_CODES
    stack.compose("start", service)
    await stack.healed([service], [since])
