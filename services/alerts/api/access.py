"""Who may call the routes of this service."""

from typing import Annotated

from fastapi import Depends

from chassis.http.access import Allow, Caller

READERS = Allow()
Reader = Annotated[Caller, Depends(READERS)]
