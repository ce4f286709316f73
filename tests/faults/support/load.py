"""The standard load W, scaled down: commands generated from a seed, and clients that send and retry them."""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.support.ledger import LOST, Ledger, Outcome, Reply

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.1
REQUEST_SECONDS = 15.0
INVALID = (
    ("stage", {"stage": "established"}),
    ("tier", {"tier": "nobody-offers-this"}),
    ("profile", {"profile": {"no_such_field": 1}}),
)


@dataclass(frozen=True, slots=True)
class Order:
    """One command to be sent. `id` is its idempotency key and the correlation id of its one event."""

    id: str
    path: str
    body: dict[str, Any]
    again: bool = False


Send = Callable[[Order], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Mix:
    """The size of the load. The seed is printed, so that a failure can be reproduced."""

    seed: int = 7
    clients: int = 4
    customers: int = 60
    commands: int = 300
    retried: float = 0.10
    invalid: float = 0.05


@dataclass
class Load:
    """Sends a mix and records the results in the ledger. `sent` has the orders by their ids."""

    send: Send
    ledger: Ledger
    mix: Mix = field(default_factory=Mix)
    customers: list[str] = field(default_factory=list)
    sent: dict[str, Order] = field(default_factory=dict)

    async def register(self) -> None:
        """Register the customers of the commands."""
        sys.stdout.write(f"load W: {self.mix}\n")
        orders = [register(f"reg-{self.mix.seed}-{number}") for number in range(self.mix.customers)]
        replies = await self._share(orders)
        self.customers = [str(reply.result["id"]) for reply in replies]

    async def run(self) -> None:
        await self._share(list(plan(self.mix, self.customers)))

    async def _share(self, orders: Sequence[Order]) -> list[Reply]:
        """Send the orders with several clients; return the replies in the order of `orders`."""
        replies: dict[int, Reply] = {}
        waiting = iter(enumerate(orders))

        async def client() -> None:
            for number, order in waiting:
                replies[number] = await self.until_known(order)
                if order.again:
                    await self.until_known(order)

        await asyncio.gather(*(client() for _ in range(self.mix.clients)))
        return [replies[number] for number in range(len(orders))]

    async def until_known(self, order: Order) -> Reply:
        """Send an order, and retry with the same key while its result is unknown."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + PATIENCE_SECONDS
        while True:
            reply = await self.attempt(order)
            if reply.outcome is not Outcome.UNKNOWN or loop.time() > give_up_at:
                return reply
            await asyncio.sleep(PAUSE_SECONDS)

    async def attempt(self, order: Order) -> Reply:
        self.sent[order.id] = order
        number = self.ledger.asked(order.id)
        reply = await self.send(order)
        self.ledger.answered(number, reply)
        return reply


def plan(mix: Mix, customers: Sequence[str]) -> Iterator[Order]:
    """Generate the commands: most go to few customers, and each valid one causes exactly one event."""
    dice = random.Random(mix.seed)  # noqa: S311 - repeatable, not secret
    weights = [1 / rank for rank in range(1, len(customers) + 1)]
    for number, customer in enumerate(dice.choices(customers, weights, k=mix.commands)):
        name = f"cmd-{mix.seed}-{number}"
        if dice.random() < mix.invalid:
            route, body = dice.choice(INVALID)
            yield Order(f"bad-{mix.seed}-{number}", f"/v1/customers/{customer}/{route}", body)
        else:
            yield change(name, customer, again=dice.random() < mix.retried)


def register(name: str) -> Order:
    return Order(name, "/v1/customers", {"name": f"公司 {name}"})


def change(name: str, customer: str, *, again: bool = False) -> Order:
    return Order(name, f"/v1/customers/{customer}/profile", {"profile": {"industry": name}}, again)


def sender(client: httpx.AsyncClient, base: Callable[[], str] = str) -> Send:
    """Return a function that sends orders over HTTP; it calls `base` for the address of each request."""

    async def send(order: Order) -> Reply:
        headers = {"Idempotency-Key": order.id, "X-Correlation-Id": order.id}
        try:
            response = await client.post(base() + order.path, json=order.body, headers=headers, timeout=REQUEST_SECONDS)
        except httpx.HTTPError:
            return LOST
        return Reply(outcome_of(response.status_code), response.status_code, response.text)

    return send


def outcome_of(status: int) -> Outcome:
    if status < httpx.codes.BAD_REQUEST:
        return Outcome.ACKED
    return Outcome.REFUSED if status < httpx.codes.INTERNAL_SERVER_ERROR else Outcome.UNKNOWN
