"""Settings of a service: one model, read from CARE_… environment variables and validated at startup."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Addresses, secrets and limits of one service process."""

    model_config = SettingsConfigDict(
        env_prefix="CARE_", secrets_dir=None, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr
    kafka_bootstrap: str = "127.0.0.1:9092"
    # Disable only for a broker without idempotent producers; a retried batch may then be stored twice.
    kafka_idempotence: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    # Where others reach this service: the address in `dataschema`. By default that of host and port.
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+[^\s/]$")
    # Kafka shows whether the database is an older copy. While it is away at the start, a service refuses or accepts
    # writes (ADR 0030).
    kafka_away_at_start: Literal["refuse", "accept"] = "refuse"
    issuer: str
    audience: str = "care"
    jwks_url: str
    pseudonym_key: SecretStr = Field(min_length=32)
    business_zone: str = "Asia/Shanghai"
    pool_size: int = Field(default=10, ge=2, le=100)
    otlp_endpoint: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @property
    def address(self) -> str:
        """The URL at which others reach this service, without a final slash."""
        return self.public_url or f"http://{self.host}:{self.port}"
