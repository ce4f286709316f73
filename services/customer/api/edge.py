"""What the routes of all themes do alike: who may call them."""

from typing import Annotated

from fastapi import Depends

from chassis.access import EVERYWHERE, OWN, Allow, Caller
from chassis.auth import Role

Anyone = Annotated[Caller, Depends(Allow())]
Office = Annotated[Caller, Depends(Allow(own={Role.LEADER}))]
Reader = Annotated[Caller, Depends(Allow(anywhere=EVERYWHERE | {Role.FINANCE}, own=OWN))]
