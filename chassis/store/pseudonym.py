"""Pseudonymous ids derived from names and external numbers with a secret key: stable, and not guessable."""

import hashlib
import hmac
from uuid import UUID

from pydantic import SecretStr

from chassis.rules.comparison import name_key, normalised

UUID_BYTES = 16
EMPLOYEE_DIGITS = 16
TOKEN_BYTES = 8


class Pseudonyms:
    """Derives ids with a key of the deployment, so that all services derive the same ids."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()
        # Each row needs many tokens, so they use the fastest keyed hash.
        self._tokens = hashlib.blake2b(digest_size=TOKEN_BYTES, key=hashlib.sha256(self._key).digest())

    def customer(self, system: str, reference: str) -> UUID:
        """Return the id of the customer whose `reference` in `system` is this number or, if it has none, this name."""
        return UUID(bytes=self._digest("customer", normalised(system), normalised(reference))[:UUID_BYTES], version=5)

    def company(self, name: str) -> UUID:
        """Return an id that all companies of this name have in common."""
        return self.derived("company", name_key(name))

    def customer_keys(self, system: str, number: str, name: str) -> list[UUID]:
        """Return the ids that stand for a customer that is given by its number in `system`, its name, or both."""
        return [*([self.customer(system, number)] if number else []), *([self.company(name)] if name else [])]

    def employee(self, name: str) -> str:
        """Return the id of an employee known by name only."""
        return f"e-{self._digest('employee', normalised(name)).hex()[:EMPLOYEE_DIGITS]}"

    def derived(self, *parts: str) -> UUID:
        """Return the id of an object identified by exactly these `parts`, such as one row of an imported file."""
        return UUID(bytes=self._digest("derived", *parts)[:UUID_BYTES], version=5)

    def token(self, kind: str, text: str) -> int:
        """Return a 64-bit number that represents a word in a search index, and hides it without the key."""
        digest = self._tokens.copy()
        digest.update(f"{kind}\x1f{text}".encode())
        return int.from_bytes(digest.digest(), signed=True)

    def _digest(self, *parts: str) -> bytes:
        joined = "\x1f".join(part.replace("\\", "\\\\").replace("\x1f", "\\x1f") for part in parts)
        return hmac.new(self._key, joined.encode(), hashlib.sha256).digest()
