"""The ports of the parts of the stack, and the environment variables of each service."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.stack.credentials import Credentials, write_private
from deploy.stack.databases import SERVICES, DatabaseUrls
from deploy.stack.errors import StackError
from deploy.stack.ports import HOST, answers, require_free

if TYPE_CHECKING:
    from deploy.stack.infrastructure import Infrastructure

PROJECT = Path(__file__).parents[2]
DEFAULT_DATA_DIR = PROJECT / ".care"
DEFAULT_BASE = 8_000
LOWEST_BASE = 1024
HIGHEST_PORT = 65_535
# The audience of the access tokens, which the services require.
AUDIENCE = "care"


@dataclass(frozen=True, slots=True)
class Layout:
    """The ports of a stack, computed from one base, so a second stack needs only another base."""

    base: int

    def __post_init__(self) -> None:
        if self.base < LOWEST_BASE or self.kafka_controller > HIGHEST_PORT:
            highest = HIGHEST_PORT - self.kafka_controller + self.base
            raise StackError(
                f"The base port is {self.base}; choose one from {LOWEST_BASE} to {highest}.",
                f"起始端口为 {self.base}，应在 {LOWEST_BASE} 到 {highest} 之间。",
            )

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
        """Raise `StackError` if a port of the issuer or a service is in use. Other servers check their own ports."""
        require_free(self.base, "the development issuer")
        for service in SERVICES:
            require_free(self.port(service), f"the {service} service")

    def answered(self) -> bool:
        """Return whether any port of this layout accepts connections."""
        services = [self.port(service) for service in SERVICES]
        return any(answers(port) for port in (self.base, *services, self.postgres, self.kafka))


def chosen(data_dir: Path, base: int | None) -> Layout:
    """Return the layout of `base`; without one, that of the last start on this data folder, or the default one."""
    last = _last_base(data_dir)
    if base is None:
        base = int(last.read_text("utf-8")) if last.exists() else DEFAULT_BASE
    return Layout(base)


def remember(data_dir: Path, layout: Layout) -> None:
    """Keep the base port for the next start on this data folder."""
    write_private(_last_base(data_dir), str(layout.base))


def _last_base(data_dir: Path) -> Path:
    return data_dir / "port-base"


def service_environment(
    service: str, layout: Layout, urls: DatabaseUrls, servers: "Infrastructure", credentials: Credentials
) -> dict[str, str]:
    """Return the environment of one service: only its own database and port."""
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
    """Return the addresses for programs outside the stack, such as the demo."""
    addresses = {f"CARE_{service.upper()}_URL": layout.url(service) for service in SERVICES}
    stores = {f"CARE_{service.upper()}_DATABASE_URL": urls.app[service] for service in SERVICES}
    return {
        **issuer_environment(layout),
        **addresses,
        **stores,
        "CARE_BI_READER_URL": urls.bi_reader,
        "CARE_BI_BUILDER_URL": urls.bi_builder,
        "CARE_KAFKA_BOOTSTRAP": kafka_bootstrap,
    }


def issuer_environment(layout: Layout) -> dict[str, str]:
    return {
        "CARE_ISSUER": layout.issuer,
        "CARE_AUDIENCE": AUDIENCE,
        "CARE_JWKS_URL": f"{layout.issuer}/.well-known/jwks.json",
    }
