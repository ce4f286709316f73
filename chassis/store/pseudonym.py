"""Ids for whom only a name or an outside number is known: the same everywhere, and no list of names can undo them."""

import hashlib
import hmac
import unicodedata
from uuid import UUID

from pydantic import SecretStr

UUID_BYTES = 16
EMPLOYEE_DIGITS = 16
TOKEN_BYTES = 8


class Pseudonyms:
    """Derives ids with the deployment's own key, so that services agree without asking each other."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()
        # Many of these are made for each row, so they are made in the fastest way that has a key.
        self._tokens = hashlib.blake2b(digest_size=TOKEN_BYTES, key=hashlib.sha256(self._key).digest())

    def customer(self, system: str, reference: str) -> UUID:
        """Return the id of the customer that `system` knows as `reference` (a number, or failing that a name)."""
        return UUID(bytes=self._digest("customer", normalised(system), normalised(reference))[:UUID_BYTES], version=5)

    def employee(self, name: str) -> str:
        """Return the id of an employee known by name only."""
        return f"e-{self._digest('employee', normalised(name)).hex()[:EMPLOYEE_DIGITS]}"

    def derived(self, *parts: str) -> UUID:
        """Return the id of anything that is told apart by exactly these `parts`, such as one row of a history file."""
        return UUID(bytes=self._digest("derived", *parts)[:UUID_BYTES], version=5)

    def token(self, kind: str, text: str) -> int:
        """Return a number of 64 bits that stands for a word in an index: without the key nobody can tell for which."""
        made = self._tokens.copy()
        made.update(f"{kind}\x1f{text}".encode())
        return int.from_bytes(made.digest(), signed=True)

    def _digest(self, *parts: str) -> bytes:
        joined = "\x1f".join(part.replace("\\", "\\\\").replace("\x1f", "\\x1f") for part in parts)
        return hmac.new(self._key, joined.encode(), hashlib.sha256).digest()


def normalised(text: str) -> str:
    """Fold width, case and inner white space, so that two spellings of one name agree."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
