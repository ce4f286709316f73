"""Sends generated valid and invalid requests to every operation of a service, and checks each response."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from uuid import UUID

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.operations import document
from tests.support.event_streams import STREAMS

TIMEOUT_SECONDS = 60.0
RANDOM_ID_IN = 7
ApiCase = Case[Any]
SEED = 20261121
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class ExplorationResult:
    """The requests to a service, and the first fault of each kind in its responses."""

    service: str
    requests: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def note(self, case: ApiCase, response: Response) -> None:
        self.requests += 1
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        for failure in failures(case, response):
            name = f"{self.service} {case.method} {case.path}: {failure.title}"
            self.faults.setdefault(
                name, f"{name}, answered {response.status_code}\n{failure}\n{case.as_curl_command()}"
            )


class StoppedError(Exception):
    """The exploration was cancelled."""


def explore(
    service: str,
    url: str,
    token: str,
    things: Mapping[str, str],
    stop: Event,
    *,
    examples: int,
    start: int = SEED,
) -> ExplorationResult:
    """Send `examples` valid and as many invalid requests to each operation; the same ones for the same `start`."""
    schema = schemathesis.openapi.from_dict(document(service))
    found = ExplorationResult(service)
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"

        def ask(case: ApiCase) -> None:
            if stop.is_set():
                raise StoppedError
            found.note(case, case.call(base_url=url, session=session, timeout=TIMEOUT_SECONDS))

        for result in schema.get_all_operations():
            if not isinstance(result, Ok):
                raise result.err()
            operation = result.ok()
            if operation.path in STREAMS:
                # They would not end. Their own tests send them valid and invalid requests.
                continue
            good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
            each_of(with_existing_ids(good, things), examples, start, ask)
            each_of(with_existing_ids(bad, things), examples, start, ask)
    return found


def with_existing_ids(cases: st.SearchStrategy[ApiCase], things: Mapping[str, str]) -> st.SearchStrategy[ApiCase]:
    """Replace most generated ids by existing ones, because a random id is never found."""

    def lead(case: ApiCase, draw: int) -> ApiCase:
        # Hypothesis draws 0 often, so 0 means an existing id. An erasure would remove the resource for later requests.
        if draw < RANDOM_ID_IN and not (case.method == "POST" and case.path.endswith("/erasure")):
            given_ids = case.path_parameters.items()
            case.path_parameters = {name: things.get(name, id_) if is_id(id_) else id_ for name, id_ in given_ids}
        return case

    return st.builds(lead, cases, st.integers(0, RANDOM_ID_IN))


def is_id(value: object) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


def each_of(cases: st.SearchStrategy[ApiCase], examples: int, start: int, ask: Callable[[ApiCase], None]) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def run(case: ApiCase) -> None:
        ask(case)

    try:
        run()
    except Unsatisfiable:
        # An operation without input has no invalid requests.
        return


def failures(case: ApiCase, response: Response) -> Iterator[Failure]:
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        yield from (each for each in group.exceptions if isinstance(each, Failure))
    except Failure as failure:
        yield failure
