"""Invalid settings are rejected at startup, and secrets are never shown."""

import pytest
from pydantic import ValidationError

from chassis.runtime.settings import Settings

GOOD = {
    "CARE_DATABASE_URL": "postgresql://care:canary-password@db/care",
    "CARE_ISSUER": "https://issuer.test",
    "CARE_JWKS_URL": "https://issuer.test/jwks",
    "CARE_PSEUDONYM_KEY": "canary-key-canary-key-canary-key",
}


def read(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, CARE_PORT="9001").port == 9001


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CARE_PORT", "0"),
        ("CARE_PORT", "http"),
        ("CARE_POOL_SIZE", "1"),
        ("CARE_PSEUDONYM_KEY", "short"),
        ("CARE_LOG_LEVEL", "LOUD"),
    ],
)
def test_an_invalid_setting_is_rejected_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(monkeypatch, **{name: value})
    assert [error["loc"] for error in raised.value.errors()] == [(name.removeprefix("CARE_").lower(),)]


def test_a_missing_address_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch)
    monkeypatch.delenv("CARE_DATABASE_URL")
    with pytest.raises(ValidationError, match="database_url"):
        Settings()


def test_a_rejected_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as raised:
        read(monkeypatch, CARE_PSEUDONYM_KEY="canary-short")
    assert "canary" not in str(raised.value)
