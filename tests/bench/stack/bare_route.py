"""The floor of a command over HTTP: one FastAPI route with the same body and no further work.

Run as a program with a service's environment: same server, same settings.
"""

from uuid import UUID

import uvloop
from fastapi import FastAPI

from chassis.http.responses import Accepted
from chassis.runtime.settings import Settings
from chassis.service import Server, server_config
from services.customer.commands import ChangeProfile

app = FastAPI()


@app.get("/readyz")
async def ready() -> str:
    return "ready"


@app.post("/v1/customers/{customer_id}/profile")
async def change_profile(customer_id: UUID, command: ChangeProfile) -> Accepted:
    return Accepted(id=customer_id, version=len(command.profile.region or ""))


if __name__ == "__main__":
    uvloop.run(Server(server_config(app, Settings())).serve())
