"""Access to alerts: the customer's present holders, and the employee who has to act."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from chassis.http.auth import Authenticator
from chassis.postgres.database import Pool, open_pool, transaction
from chassis.runtime.supervisor import Supervisor
from chassis.service import ServiceContext
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertAcknowledged, AlertCleared, AlertRaised
from contracts.customer import HelperAdded, HelperRemoved, Merged, OwnerAssigned, Unmerged
from contracts.event import Event
from contracts.examples import ALERT_ID, CUSTOMER_ID, example, example_envelope
from services.alerts.__main__ import build
from services.alerts.detection.detector import Detector
from services.alerts.projection import alerts as projection
from services.alerts.queries.alerts import AlertFilters, AlertQueries
from tests.bench.harness.event_data import envelope, fill
from tests.support.rule_books import THREE_RULES
from tests.support.servers import Servers
from tests.unit.chassis.issuer import SETTINGS, Issuer, client_of

Get = Callable[[str, str], Awaitable[httpx.Response]]
Sees = Callable[[str], Awaitable[bool]]
SURVIVOR = UUID("01900000-0000-7000-8000-0000000000f1")
HANDED_OVER = OwnerAssigned(previous_owner_id="E1", owner_id="E4", leader_id="E5")


@pytest.fixture
async def alerts(running: Servers) -> AsyncIterator[Pool]:
    """A store with one alert, about a customer of E1, whom E2 leads; E3 has to act."""
    pool = await open_pool((await running.database("alerts")).app, size=4, application_name="tests")
    named = {"owner_id": "E3", "customer_owner_id": "E1", "leader_id": "E2"}
    raised = example_envelope(example(AlertRaised, **named), stream_id=ALERT_ID)
    await fill(EventStore(pool), [raised])
    async with transaction(pool) as held:
        await projection.apply([raised], held)
    await tell(pool, OwnerAssigned(owner_id="E1", leader_id="E2"))
    yield pool
    await pool.close()


async def tell(pool: Pool, *facts: Event, subject: UUID = CUSTOMER_ID) -> None:
    detector = Detector(EventStore(pool), pool, EventMapper(), THREE_RULES)
    async with transaction(pool) as held:
        await detector.evaluate([example_envelope(fact, subject=subject) for fact in facts], held)


@pytest.fixture
async def get(alerts: Pool, issuer: Issuer) -> AsyncIterator[Get]:
    """Call the API as a seller."""
    app = build(ServiceContext(SETTINGS, alerts, Supervisor(), Authenticator(SETTINGS))).app
    async with client_of(app) as http:
        yield lambda path, subject: http.get(path, headers=issuer.headers(subject, "sales"))


@pytest.fixture
def sees(get: Get) -> Sees:
    """Tell whether somebody sees the alert: in the list, by its address, and all that became of it, or nowhere."""

    async def look(subject: str) -> bool:
        listed = (await get("/v1/alerts", subject)).json()["items"]
        read = [(await get(f"/v1/alerts/{ALERT_ID}{more}", subject)).status_code for more in ("", "/events")]
        assert read == ([200, 200] if listed else [403, 403])
        return [UUID(alert["id"]) for alert in listed] == [ALERT_ID]

    return look


async def test_the_events_of_an_alert_come_in_pages(alerts: Pool, get: Get) -> None:
    told = [example(AlertAcknowledged), example(AlertCleared)]
    await fill(EventStore(alerts), [envelope(each, CUSTOMER_ID, ALERT_ID, n, 0, n) for n, each in enumerate(told, 2)])
    first = (await get(f"/v1/alerts/{ALERT_ID}/events?limit=2", "E1")).json()
    rest = (await get(f"/v1/alerts/{ALERT_ID}/events?limit=2&after={first['next_cursor']}", "E1")).json()
    assert [each["version"] for page in (first, rest) for each in page["items"]] == [1, 2, 3]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


async def all_who_see(sees: Sees) -> set[str]:
    return {employee_id for employee_id in ("E1", "E2", "E3", "E4", "E5", "E6", "E9") if await sees(employee_id)}


async def test_owner_leader_and_the_employee_who_has_to_act_see_the_alert(sees: Sees) -> None:
    assert await all_who_see(sees) == {"E1", "E2", "E3"}


async def test_a_helper_sees_it_until_the_help_ends(alerts: Pool, sees: Sees) -> None:
    await tell(alerts, HelperAdded(employee_id="E6"))
    assert await all_who_see(sees) == {"E1", "E2", "E3", "E6"}
    await tell(alerts, HelperRemoved(employee_id="E6"))
    assert await all_who_see(sees) == {"E1", "E2", "E3"}


async def test_after_a_handover_the_new_owner_sees_it_and_the_old_one_no_more(alerts: Pool, sees: Sees) -> None:
    await tell(alerts, HelperAdded(employee_id="E4"), HelperAdded(employee_id="E6"), HANDED_OVER)
    assert await all_who_see(sees) == {"E3", "E4", "E5", "E6"}
    await tell(alerts, OwnerAssigned(previous_owner_id="E4", owner_id="E9"))
    assert await all_who_see(sees) == {"E3", "E6", "E9"}


async def test_while_it_is_merged_into_another_those_of_the_other_see_it(alerts: Pool, sees: Sees) -> None:
    await tell(alerts, OwnerAssigned(owner_id="E4", leader_id="E5"), HelperAdded(employee_id="E6"), subject=SURVIVOR)
    await tell(alerts, Merged(into_customer_id=SURVIVOR))
    assert await all_who_see(sees) == {"E3", "E4", "E5", "E6"}
    # What becomes of the duplicate's holders meanwhile shows when it is released.
    await tell(alerts, OwnerAssigned(previous_owner_id="E1", owner_id="E9", leader_id="E2"))
    assert await all_who_see(sees) == {"E3", "E4", "E5", "E6"}
    await tell(alerts, Unmerged(from_customer_id=SURVIVOR))
    assert await all_who_see(sees) == {"E2", "E3", "E9"}


async def test_after_a_merge_into_a_customer_without_owner_only_the_employee_who_has_to_act_sees_it(
    alerts: Pool, sees: Sees
) -> None:
    await tell(alerts, Merged(into_customer_id=SURVIVOR))
    assert await all_who_see(sees) == {"E3"}
    await tell(alerts, OwnerAssigned(owner_id="E4"), subject=SURVIVOR)
    assert await all_who_see(sees) == {"E3", "E4"}


async def test_alerts_of_a_customer_are_those_of_its_duplicates_too(alerts: Pool) -> None:
    queries, asked = AlertQueries(alerts), AlertFilters(customer_id=SURVIVOR)
    assert await queries.page(asked, None, 10) == []
    await tell(alerts, Merged(into_customer_id=SURVIVOR))
    assert [alert.id for alert in await queries.page(asked, None, 10)] == [ALERT_ID]
