"""Each part is killed, is started again, and nothing is lost."""

import httpx
import pytest

from demo.client import Client
from tests.containers.customers import known_everywhere, registered
from tests.containers.stack import PARTS, SERVICES, Stack
from tests.support.waiting import eventually

pytestmark = pytest.mark.nightly
OWN_ROUTES = {
    "customer": "/v1/stages",
    "followup": "/v1/guards",
    "alerts": "/v1/rules",
    "reporting": "/v1/reports/stage-funnel",
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_killed_part_comes_back_and_nothing_is_lost(stack: Stack, client: Client, part: str) -> None:
    before = await registered(client, f"before {part}")
    since = stack.started(part)
    stack.kill(part)
    during = await registered(client, f"during {part}")
    await stack.healed([part], [since])
    after = await registered(client, f"after {part}")
    for customer_id in (before, during, after):
        await known_everywhere(client, customer_id)


async def test_services_killed_together_are_not_mixed_up(stack: Stack, client: Client) -> None:
    since = [stack.started(service) for service in SERVICES]
    stack.kill(*SERVICES)
    await stack.healed(SERVICES, since)
    await eventually(lambda: answers_itself(client))
    await known_everywhere(client, await registered(client, "after all"))


async def answers_itself(client: Client) -> bool:
    """Return whether a route of each service, which no other service has, is found behind the proxy."""
    answers = [await client.http.get(client.urls[service] + route) for service, route in OWN_ROUTES.items()]
    return not [answer for answer in answers if answer.status_code != httpx.codes.OK]


async def test_the_doctor_finds_nothing_wrong_afterwards(stack: Stack) -> None:
    async def is_well() -> bool:
        return await stack.problems() == []

    await eventually(is_well)
