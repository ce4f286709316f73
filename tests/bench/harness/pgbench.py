"""The floor of every append: one-row INSERT commits by PostgreSQL's own load generator."""

import asyncio
import os
import re
import tempfile
from pathlib import Path

from deploy.stack import postgres_binaries
from tests.bench.harness.measuring import administrator
from tests.support.servers import Database

TABLE = "CREATE TABLE IF NOT EXISTS pgbench_floor (id bigserial PRIMARY KEY, state text NOT NULL)"
INSERT = f"INSERT INTO pgbench_floor (state) VALUES ('{'x' * 400}');\n"
RATE = re.compile(r"tps = ([\d.]+)")


def program() -> Path | None:
    """Return the pgbench of the PostgreSQL installed here; None where there is none."""
    found = (binaries.folder / "pgbench" for binaries in postgres_binaries.on_this_machine())
    return next((path for path in found if path.exists()), None)


async def prepare(database: Database) -> None:
    async with administrator(database) as connection:
        await connection.execute(TABLE)


async def commits_per_second(database: Database, clients: int, seconds: float) -> float:
    path = program()
    if path is None:
        raise FileNotFoundError("pgbench")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(INSERT)
        script.flush()
        threads = min(clients, os.cpu_count() or 1)
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(threads), "-T", str(max(1, round(seconds)))]
        process = await asyncio.create_subprocess_exec(
            *(str(path), *options, "-f", script.name, database.admin),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    found = RATE.search(output.decode())
    if process.returncode or found is None:
        raise ChildProcessError(errors.decode())
    return float(found.group(1))
