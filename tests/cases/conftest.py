"""The running customer service, as its own tests have it."""

from tests.integration.customer.conftest import _plain_logs, api, issuer, signer

__all__ = ["_plain_logs", "api", "issuer", "signer"]
