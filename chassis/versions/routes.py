"""HTTP for what is published in versions: publish, read, history and difference, the same for every kind."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from chassis.commands.problem import ProblemError, not_found
from chassis.http.access import Allow, Caller
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.http.responses import PUBLISHED, Accepted, answer, etag
from chassis.versions.decider import ONLY, E, Publish
from chassis.versions.difference import Difference, difference
from chassis.versions.lookup import Version, Versions
from contracts.types import Code, Instant

V = TypeVar("V", bound=BaseModel)
Endpoint = Callable[..., Awaitable[Any]]

At = Annotated[Instant | None, Query(description="The version in force at this instant; now if absent.")]
From = Annotated[int | None, Query(alias="from", ge=0, description="A number; the one before `to` if absent.")]
To = Annotated[int | None, Query(ge=0, description="A number; the latest if absent.")]


class VersionEntry(BaseModel):
    """One version: when and by whom it was published, and from when on it is in force. One that ships has no times."""

    number: int
    published_at: datetime | None
    published_by: str
    effective_from: datetime | None


@dataclass(frozen=True, slots=True)
class VersionRoutes(Generic[E, V]):
    """The routes of one kind. `noun` names their operations; `parameter` is what the address calls the name.

    `versions` and `asked` are dependencies: where to look versions up, and the version that a body asks for, checked.
    `view` is what a version is shown as; `shown` gives its fields, where they are not those of the version.
    """

    noun: str
    address: str
    versions: Callable[..., Awaitable[Versions[E]]]
    asked: Callable[..., Awaitable[E]]
    view: type[V]
    keepers: Allow
    readers: Allow
    parameter: str | None = None
    number_asked_by: str = "number"
    shown: Callable[[E], dict[str, Any]] = dict

    def add_to(self, router: APIRouter) -> None:
        """Add them all; the text of `asked` describes what publishing does."""
        address = f"{self.address}/{{{self.parameter}}}" if self.parameter else self.address
        router.add_api_route(
            address,
            self._publish(router.prefix + self.address),
            methods=["PUT"],
            name=f"publish_{self.noun}",
            description=inspect.getdoc(self.asked),
            response_model=Accepted,
            responses=PUBLISHED,
        )
        router.add_api_route(address, self._read(), name=f"read_{self.noun}", response_model=self.view)
        router.add_api_route(f"{address}/versions", self._history(), name=f"read_{self.noun}_versions")
        router.add_api_route(f"{address}/difference", self._difference(), name=f"read_{self.noun}_difference")

    def _publish(self, address: str) -> Endpoint:
        async def publish(
            caller: Annotated[Caller, Depends(self.keepers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            version: Annotated[E, Depends(self.asked)],
        ) -> Response:
            name = versions.kind.name_of(version)
            handled = await versions.handler.handle(
                versions.stream_of(name),
                Publish(version=version, at=caller.context.now),
                caller.context,
                expected_version=caller.expected_version,
            )
            return answer(handled, f"{address}/{name}" if name else address)

        return publish

    def _read(self) -> Endpoint:
        async def read(
            caller: Annotated[Caller, Depends(self.readers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            name: Annotated[str, Depends(name_by(self.parameter))],
            response: Response,
            number: Annotated[
                int | None,
                Query(alias=self.number_asked_by, ge=1, description="A version; the one in force if absent."),
            ] = None,
            at: At = None,
        ) -> V:
            """Read the version in force, after every acknowledged command; or another one, by number or instant."""
            loaded = await versions.handler.load(versions.stream_of(name))
            present = versions.kind.in_force(loaded.state, name, caller.context.now)
            found = await self._asked_for(versions, name, number, at) or present or versions.kind.unpublished.get(name)
            if found is None:
                raise not_found()
            response.headers["ETag"] = etag(loaded.version)
            is_in_force = present is not None and present.number == found.number
            said = {**self.shown(found), "id": versions.stream_of(name), "is_in_force": is_in_force}
            return self.view.model_validate(said)

        return read

    async def _asked_for(self, versions: Versions[E], name: str, number: int | None, at: datetime | None) -> E | None:
        if number is not None and at is not None:
            raise one_of(self.number_asked_by)
        if number is not None:
            return await versions.version(number, name)
        return await versions.in_force_then(at, name) if at else None

    def _history(self) -> Endpoint:
        async def read_history(
            _caller: Annotated[Caller, Depends(self.readers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            name: Annotated[str, Depends(name_by(self.parameter))],
            paging: Paging,
        ) -> Page[VersionEntry]:
            """List all versions, the latest first. Which is in force at an instant is told by reading it with `at`."""
            known = await versions.history(name)
            if not known and name not in versions.kind.unpublished:
                raise not_found()
            entries = [entry_of(each) for each in known]

            async def below(place: list[str] | None, size: int) -> list[VersionEntry]:
                return [each for each in entries if place is None or each.number < int(place[0])][: size + 1]

            bound = {"list": "versions", "of": str(versions.stream_of(name))}
            return await paging.page(bound, below, lambda entry: [str(entry.number)])

        return read_history

    def _difference(self) -> Endpoint:
        async def read_difference(
            _caller: Annotated[Caller, Depends(self.readers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            name: Annotated[str, Depends(name_by(self.parameter))],
            since: From = None,
            to: To = None,
        ) -> Difference:
            """Say which fields differ between two versions, and what they were before and after.

            The first version is compared with itself, if nothing else is asked for. What ships and waits to be
            published has the number 0.
            """
            known = {each.said.number: each.said for each in await versions.history(name)}
            known |= {each.number: each for each in [versions.kind.unpublished.get(name)] if each}
            to = max(known, default=0) if to is None else to
            since = max((each for each in known if each < to), default=to) if since is None else since
            if since not in known or to not in known:
                raise not_found()
            return difference(known[since], known[to])

        return read_difference


def name_by(parameter: str | None) -> Callable[..., Awaitable[str]]:
    """Return the dependency that reads the name from the address."""

    async def only() -> str:
        return ONLY

    async def named(name: Annotated[Code, Path(alias=parameter)]) -> str:
        return name

    return named if parameter else only


def entry_of(version: Version[E]) -> VersionEntry:
    return VersionEntry(
        number=version.said.number,
        published_at=version.published_at,
        published_by=version.published_by,
        effective_from=version.said.effective_from or version.published_at,
    )


def one_of(number_asked_by: str) -> ProblemError:
    en, zh = f"Ask by {number_asked_by} or by at, not by both.", f"{number_asked_by} 与 at 只能填一个。"
    return ProblemError("validation-failed", en, zh, errors=[{"pointer": "query:at", "rule": "one-of", "detail": en}])
