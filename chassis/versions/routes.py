"""Routes of versioned configuration: publish, read, history and difference, the same for every kind."""

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
from chassis.http.responses import NOT_FOUND, PUBLISHED, Accepted, answer, etag
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
    """One version: when and by whom it was published, and from when it is in force. A shipped version has no times."""

    number: int
    published_at: datetime | None
    published_by: str
    effective_from: datetime | None


@dataclass(frozen=True, slots=True)
class VersionRoutes(Generic[E, V]):
    """The routes of one kind of configuration.

    `noun` is part of the operation names; `parameter` is the path parameter of the name, None if there is only one.
    `versions` is the dependency that looks versions up; `body` is the one that validates a request body as a version,
    None if another route publishes.
    `view` is the response model; `view_fields` returns its fields, by default those of the version. It may say that the
    latest version is not in force, such as one that removes what was before.
    `publishers` may publish; `readers` may read.
    """

    noun: str
    address: str
    versions: Callable[..., Awaitable[Versions[E]]]
    body: Callable[..., Awaitable[E]] | None
    view: type[V]
    publishers: Allow
    readers: Allow
    parameter: str | None = None
    number_parameter: str = "number"
    view_fields: Callable[[E], dict[str, Any]] = dict

    def add_to(self, router: APIRouter) -> None:
        """Add all routes; the docstring of `body` becomes the description of publishing."""
        address = f"{self.address}/{{{self.parameter}}}" if self.parameter else self.address
        if self.body:
            router.add_api_route(
                address,
                self._publish(router.prefix + self.address, self.body),
                methods=["PUT"],
                name=f"publish_{self.noun}",
                description=inspect.getdoc(self.body),
                response_model=Accepted,
                responses=PUBLISHED,
            )
        router.add_api_route(
            address, self._read(), name=f"read_{self.noun}", response_model=self.view, responses=NOT_FOUND
        )
        for part, endpoint in (("versions", self._history()), ("difference", self._difference())):
            name = f"read_{self.noun}_{part}"
            router.add_api_route(f"{address}/{part}", endpoint, name=name, responses=NOT_FOUND)

    def _publish(self, address: str, body: Callable[..., Awaitable[E]]) -> Endpoint:
        async def publish(
            caller: Annotated[Caller, Depends(self.publishers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            version: Annotated[E, Depends(body)],
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
                Query(
                    alias=self.number_parameter, ge=1, description="A version number; the version in force if absent."
                ),
            ] = None,
            at: At = None,
        ) -> V:
            """Read the version in force, or another by number or instant. Every acknowledged command is included."""
            loaded = await versions.handler.load(versions.stream_of(name))
            present = versions.kind.in_force(loaded.state, name, caller.context.now)
            found = await self._requested(versions, name, number, at) or present or versions.kind.unpublished.get(name)
            if found is None:
                raise not_found()
            response.headers["ETag"] = etag(loaded.version)
            is_in_force = present is not None and present.number == found.number
            fields = {"is_in_force": is_in_force, **self.view_fields(found), "id": versions.stream_of(name)}
            return self.view.model_validate(fields)

        return read

    async def _requested(self, versions: Versions[E], name: str, number: int | None, at: datetime | None) -> E | None:
        if number is not None and at is not None:
            raise one_of(self.number_parameter)
        if number is not None:
            return await versions.version(number, name)
        return await versions.in_force_as_recorded(at, name) if at else None

    def _history(self) -> Endpoint:
        async def read_history(
            _caller: Annotated[Caller, Depends(self.readers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            name: Annotated[str, Depends(name_by(self.parameter))],
            paging: Paging,
        ) -> Page[VersionEntry]:
            """List all versions, the latest first. To find the version in force at an instant, read it with `at`."""
            known = await versions.history(name)
            if not known and name not in versions.kind.unpublished:
                raise not_found()
            entries = [entry_of(each) for each in known]

            async def fetch(after: list[str] | None, size: int) -> list[VersionEntry]:
                return [each for each in entries if after is None or each.number < int(after[0])][: size + 1]

            bound = {"list": "versions", "of": str(versions.stream_of(name))}
            return await paging.page(bound, fetch, lambda entry: [str(entry.number)])

        return read_history

    def _difference(self) -> Endpoint:
        async def read_difference(
            _caller: Annotated[Caller, Depends(self.readers)],
            versions: Annotated[Versions[E], Depends(self.versions)],
            name: Annotated[str, Depends(name_by(self.parameter))],
            since: From = None,
            to: To = None,
        ) -> Difference:
            """Compare two versions: each field that differs, with its value before and after.

            If there is only one version, it is compared with itself. A shipped template that has not been published
            has the number 0.
            """
            known = {each.content.number: each.content for each in await versions.history(name)}
            known |= {each.number: each for each in [versions.kind.unpublished.get(name)] if each}
            to = max(known, default=0) if to is None else to
            since = max((each for each in known if each < to), default=to) if since is None else since
            if since not in known or to not in known:
                raise not_found()
            return difference(known[since], known[to])

        return read_difference


def name_by(parameter: str | None) -> Callable[..., Awaitable[str]]:
    """Return the dependency that reads the name from the path."""

    async def only_name() -> str:
        return ONLY

    async def name_in_path(name: Annotated[Code, Path(alias=parameter)]) -> str:
        return name

    return name_in_path if parameter else only_name


def entry_of(version: Version[E]) -> VersionEntry:
    return VersionEntry(
        number=version.content.number,
        published_at=version.published_at,
        published_by=version.published_by,
        effective_from=version.content.effective_from or version.published_at,
    )


def one_of(number_parameter: str) -> ProblemError:
    en, zh = f"Use either {number_parameter} or at, not both.", f"{number_parameter} 与 at 只能填一个。"
    return ProblemError("validation-failed", en, zh, errors=[{"pointer": "query:at", "rule": "one-of", "detail": en}])
