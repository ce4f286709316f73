"""After an erasure, nothing that the product writes contains the person's data (S18), whenever it was entered."""

import asyncio
import json
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from deploy import erasures
from tests.security import scan
from tests.security.canary_input import FORM, KEPT, KEPT_PHONE, PERSONAL, CanaryInput, halves
from tests.security.test_canary import HOMES
from tests.support.product import Product
from tests.support.waiting import eventually

WITHIN_SECONDS = 120
MEANWHILE = 20
REASON = {"reason": "asked-by-person"}
# A person, a person erased while contacts are recorded, and a key contact of a company, each with their own words.
PERSON, RACING, CONTACT = "金丝雀戊gone2m8ys", "金丝雀己race6k1hw", "金丝雀庚left3c5vd"
RESTORED = "金丝雀辛back7n4tz"
PHONES = {PERSON: "+8613957162841", RACING: "+8613957162842", CONTACT: "+8613957162843", RESTORED: "+8613957162844"}
VAULTS = {"customer:public.vault", "followup:public.vault"}
ALL_VAULTS = VAULTS | {"alerts:public.vault"}


@dataclass(frozen=True, slots=True)
class Teller:
    """Enters personal data about one customer, with that person's own words."""

    canary: CanaryInput
    word: str

    def said(self, schema: str) -> dict[str, Any]:
        bodies = json.dumps(PERSONAL[schema], ensure_ascii=False)
        found: dict[str, Any] = json.loads(bodies.replace(KEPT, self.word).replace(KEPT_PHONE, PHONES[self.word]))
        return found

    async def ask(self, service: str, path: str, schema: str, **more: Any) -> str:
        response = await self.canary.ask(service, "POST", path, json=self.said(schema) | more)
        assert response.is_success, response.text
        return response.headers["location"]

    async def speak(self, customer: str, **more: Any) -> None:
        """Enter it in the routes of followup."""
        await self.ask("followup", f"{customer}/contacts", "LogContact", **more)

    async def tell(self, customer: str) -> None:
        await self.ask("customer", f"{customer}/key-contacts", "KeyContact")
        await self.ask("customer", f"{customer}/needs", "StateNeed")
        await self.speak(customer)
        task = await self.ask("followup", f"{customer}/tasks", "ScheduleTask")
        await self.ask("followup", f"{task}/cancellation", "Cancel")
        complaint = await self.ask("followup", f"{customer}/complaints", "Raise")
        await self.ask("followup", f"{complaint}/answer", "Answer")

    async def handle_alert(self, customer: str) -> None:
        """Enter it in a complaint, and in a comment on the alert which the complaint raises."""
        await self.ask("followup", f"{customer}/complaints", "Raise")
        query = {"customer_id": customer.rpartition("/")[2], "open": True}

        async def is_commented() -> bool:
            """Try each open alert: that about the earlier complaint, which was answered, may end at any moment."""
            listed = (await self.canary.ask("alerts", "GET", "/v1/alerts", params=query)).json()["items"]
            for each in listed:
                said = self.said("Comment")
                if (await self.canary.ask("alerts", "POST", f"/v1/alerts/{each['id']}/comments", json=said)).is_success:
                    return True
            return False

        await eventually(is_commented, within=WITHIN_SECONDS)

    async def send_failing_row(self) -> None:
        """Enter it in a row of a file that fails, so that its cells are kept."""
        client, content = self.canary.product.client, f"客户名称,客户分层\n{self.word},钻石\n"
        ended = await client.end_of("customer", await client.send_file("customer", content.encode()))
        assert ended["counts"] == {"failed": 1}

    async def erased(self, customer: str, address: str) -> dict[str, Any]:
        """Erase, and return the certificate once every service has answered."""
        asked = await self.canary.ask("customer", "POST", f"{address}/erasure", json=REASON)
        assert asked.is_success, asked.text
        told: dict[str, Any] = {}

        async def complete() -> bool:
            told.update((await self.canary.ask("customer", "GET", f"{customer}/erasure")).json())
            return bool(told["erasures"][-1]["is_complete"])

        await eventually(complete, within=WITHIN_SECONDS)
        return told

    async def places(self) -> set[str]:
        phone = PHONES[self.word]
        return await scan.everywhere(self.canary.product, *halves(self.word), phone[1:], phone[3:])


@pytest.fixture(scope="module")
async def canary(product: Product) -> CanaryInput:
    made = CanaryInput(product, {})
    published = await made.ask("followup", "PUT", "/v1/contact-forms/visit", json=FORM)
    assert published.is_success, published.text
    return made


async def test_of_an_erased_person_no_word_is_left_anywhere(canary: CanaryInput) -> None:
    teller = Teller(canary, PERSON)
    customer = await teller.ask("customer", "/v1/customers", "Register")
    await teller.tell(customer)
    await teller.handle_alert(customer)
    await teller.send_failing_row()
    assert await teller.places() == ALL_VAULTS | {"customer:public.import_row"}, "the search finds what is there"
    told = await teller.erased(customer, customer)
    assert await teller.places() == set()
    answers = {each["service"]: each["entries"] for each in told["erasures"][0]["answers"]}
    assert answers == {"customer": 6, "followup": 10, "alerts": 1, "reporting": 0}
    for service in ("alerts", "reporting"):
        said = (await canary.ask(service, "GET", f"{customer}/erasure")).json()
        assert (said["received"], said["entries"]) == ([each["id"] for each in told["erasures"]], 0)


async def test_what_is_said_while_the_erasure_is_on_its_way_does_not_stay(canary: CanaryInput) -> None:
    teller = Teller(canary, RACING)
    customer = await teller.ask("customer", "/v1/customers", "Register")
    await teller.tell(customer)

    async def speak() -> int:
        said = await canary.ask("followup", "POST", f"{customer}/contacts", json=teller.said("LogContact"))
        return said.status_code

    *statuses, _ = await asyncio.gather(*(speak() for _ in range(MEANWHILE)), teller.erased(customer, customer))
    # A busy service may reject some requests: what counts is that nothing remains.
    assert set(statuses) <= {201, 410, 429, 503}
    assert await speak() == 410
    assert await teller.places() == set()


async def test_of_an_erased_key_contact_no_word_is_left_and_the_company_stays(canary: CanaryInput) -> None:
    teller = Teller(canary, CONTACT)
    made = await canary.ask("customer", "POST", "/v1/customers", json={"name": "扬州瘦西湖"})
    customer = made.headers["location"]
    person = await teller.ask("customer", f"{customer}/key-contacts", "KeyContact")
    await teller.speak(customer, key_contact_id=person.rpartition("/")[2])
    assert await teller.places() == VAULTS
    await teller.erased(customer, person)
    assert await teller.places() == set()
    assert (await canary.ask("customer", "GET", customer)).json()["name"] == "扬州瘦西湖"


async def test_what_a_backup_would_bring_back_can_be_erased_again_from_the_topic(canary: CanaryInput) -> None:
    """Repeating an erasure changes nothing, and an erasure of an unknown customer is reported as such."""
    teller = Teller(canary, RESTORED)
    customer = await teller.ask("customer", "/v1/customers", "Register")
    await teller.erased(customer, customer)
    listed = await erasures.published(canary.product.environment["CARE_KAFKA_BOOTSTRAP"])
    [asked] = [
        each
        for each in erasures.read(json.dumps(asdict(each)) for each in listed)
        if each.path == f"{customer}/erasure"
    ]
    assert asked.reason == REASON["reason"]
    nobody = replace(asked, customer_id=str(uuid4()))
    token = str(canary.product.client.http.headers["authorization"]).removeprefix("Bearer ")
    assert await erasures.repeat([asked, nobody], canary.product.client.urls["customer"], token) == {
        "erased": 1,
        "customer-unknown": 1,
    }
    told = (await canary.ask("customer", "GET", f"{customer}/erasure")).json()
    assert len(told["erasures"]) == 1


def test_the_words_have_no_other_homes_than_the_canaries() -> None:
    assert ALL_VAULTS < HOMES
