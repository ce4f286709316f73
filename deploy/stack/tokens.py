"""Access tokens for development: the signing key, the signed tokens and the JSON Web Key Set."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from deploy.stack.credentials import write_private
from deploy.stack.layout import AUDIENCE

ALGORITHM = "RS256"
KEY_BITS = 2048
DEFAULT_LIFETIME_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Signer:
    """The signing key and the issuer URL."""

    key: RSAPrivateKey
    issuer: str


def signer(data_dir: Path, issuer: str) -> Signer:
    """Return the signer whose key is kept in `data_dir`. Create the key the first time."""
    kept = data_dir / "issuer.pem"
    if not kept.exists():
        write_private(kept, _pem(generate_private_key(public_exponent=65537, key_size=KEY_BITS)))
    key = serialization.load_pem_private_key(kept.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(kept)
    return Signer(key, issuer)


def mint(
    signer: Signer,
    subject: str,
    roles: Sequence[str],
    *,
    expires_in_seconds: int = DEFAULT_LIFETIME_SECONDS,
    audience: str = AUDIENCE,
) -> str:
    """Return a signed access token (RFC 9068)."""
    now = int(time.time())
    claims = {
        "iss": signer.issuer,
        "aud": audience,
        "sub": subject,
        "roles": list(roles),
        "iat": now,
        "nbf": now,
        "exp": now + expires_in_seconds,
        "jti": str(uuid.uuid4()),
    }
    headers = {"typ": "at+jwt", "kid": key_id(signer)}
    return jwt.encode(claims, signer.key, algorithm=ALGORITHM, headers=headers)


def jwks(signer: Signer) -> dict[str, list[dict[str, Any]]]:
    """Return the public key as a JSON Web Key Set."""
    return {"keys": [_public_jwk(signer) | {"kid": key_id(signer), "use": "sig", "alg": ALGORITHM}]}


def key_id(signer: Signer) -> str:
    """Return the thumbprint of the key (RFC 7638), so the id is the same after a restart."""
    parts = {name: _public_jwk(signer)[name] for name in ("e", "kty", "n")}
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _public_jwk(signer: Signer) -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(signer.key.public_key(), as_dict=True)


def _pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
