"""Every package is pinned by hash, and no pin says where it was fetched from."""

from pathlib import Path

import pytest

from deploy.stack.wheels import REQUIREMENTS


@pytest.mark.parametrize("pins", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.name)
def test_every_pin_has_a_hash_and_none_names_a_host(pins: Path) -> None:
    text = pins.read_text()
    assert "://" not in text
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert packages
    assert not [line for line in packages if "==" not in line or not line.endswith("\\")]
