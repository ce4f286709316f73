"""The user's cache folder of this product."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder, whether it exists yet or not."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "customer-lifecycle"
