"""Which port each part of the stack has, and what each service is told at its start."""

from dataclasses import dataclass

from deploy.stack.credentials import Credentials
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import CannotRun
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.ports import HOST, answers, require_free
from deploy.stack.tokens import AUDIENCE

LOWEST_BASE = 1024
HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Layout:
    """Every port follows from one base, so a second stack beside this one needs one other number."""

    base: int

    def __post_init__(self) -> None:
        if self.base < LOWEST_BASE or self.kafka_controller > HIGHEST_PORT:
            highest = HIGHEST_PORT - self.kafka_controller + self.base
            raise CannotRun(f"PORT_BASE is {self.base}; choose one from {LOWEST_BASE} to {highest}.")

    @property
    def postgres(self) -> int:
        return self.base + 32

    @property
    def kafka(self) -> int:
        return self.base + 92

    @property
    def kafka_controller(self) -> int:
        return self.base + 93

    @property
    def issuer(self) -> str:
        return f"http://{HOST}:{self.base}"

    def port(self, service: str) -> int:
        return self.base + 1 + SERVICES.index(service)

    def url(self, service: str) -> str:
        return f"http://{HOST}:{self.port(service)}"

    def require_free(self) -> None:
        """Raise `CannotRun` if a port of the issuer or a service is taken. The other servers look at their own."""
        require_free(self.base, "the development issuer")
        for service in SERVICES:
            require_free(self.port(service), f"the {service} service")

    def answered(self) -> bool:
        """Tell whether anybody answers on any port of this layout."""
        services = [self.port(service) for service in SERVICES]
        return any(answers(port) for port in (self.base, *services, self.postgres, self.kafka))


def service_environment(
    service: str, layout: Layout, urls: DatabaseUrls, servers: Infrastructure, credentials: Credentials
) -> dict[str, str]:
    """Return what one service is told: its own database and port, and nothing of the others."""
    return {
        "CARE_DATABASE_URL": urls.app[service],
        "CARE_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
        "CARE_KAFKA_IDEMPOTENCE": str(servers.kafka_genuine).lower(),
        "CARE_HOST": HOST,
        "CARE_PORT": str(layout.port(service)),
        "CARE_PSEUDONYM_KEY": credentials.pseudonym_key,
        "TZ": "UTC",
        **issuer_environment(layout),
    }


def public_environment(layout: Layout, urls: DatabaseUrls, kafka_bootstrap: str) -> dict[str, str]:
    """Return the addresses that a program beside the stack may want, such as the demo."""
    addresses = {f"CARE_{service.upper()}_URL": layout.url(service) for service in SERVICES}
    stores = {f"CARE_{service.upper()}_DATABASE_URL": urls.app[service] for service in SERVICES}
    return {
        **issuer_environment(layout),
        **addresses,
        **stores,
        "CARE_BI_READER_URL": urls.bi_reader,
        "CARE_KAFKA_BOOTSTRAP": kafka_bootstrap,
    }


def issuer_environment(layout: Layout) -> dict[str, str]:
    return {
        "CARE_ISSUER": layout.issuer,
        "CARE_AUDIENCE": AUDIENCE,
        "CARE_JWKS_URL": f"{layout.issuer}/.well-known/jwks.json",
    }
