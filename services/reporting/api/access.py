"""Who may call the routes of this service."""

from typing import Annotated

from fastapi import Depends

from chassis.http.access import EVERYWHERE, OWN, Allow, Caller
from chassis.http.auth import Role

Reader = Annotated[Caller, Depends(Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN))]
