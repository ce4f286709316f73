"""Examines the running stack, and returns the findings as a table."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Column, Table

from deploy.doctor import findings, growth, probes
from deploy.doctor.findings import Finding
from deploy.stack.databases import SERVICES
from deploy.stack.text import Text

HEADINGS = (Text("Check", "检查项"), Text("State", "状态"), Text("What to do", "处理办法"))


async def examine(environment: Mapping[str, str], data_dir: Path) -> list[Finding]:
    # The findings report connection errors, so the client's log is not needed.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    urls = {name: environment[f"CARE_{name.upper()}_DATABASE_URL"] for name in SERVICES}
    observations = await asyncio.gather(
        probes.issuer(environment["CARE_JWKS_URL"]),
        *(probes.service(name, environment[f"CARE_{name.upper()}_URL"]) for name in SERVICES),
    )
    broker = await probes.kafka(environment["CARE_KAFKA_BOOTSTRAP"])
    stores = await probes.databases(urls, data_dir)
    return [
        *(finding for each in observations for finding in findings.service(each)),
        *findings.kafka(broker),
        *growth.watermarks(broker),
        *(finding for each in stores for finding in (*findings.database(each), *growth.database(each))),
    ]


def table(results: Sequence[Finding], language: str) -> Table:
    """Return a table of all findings, failed checks first."""
    output = Table(*(Column(text.to(language), overflow="fold") for text in HEADINGS))
    for finding in sorted(results, key=lambda each: each.ok):
        cells = [escape(text.to(language)) for text in (finding.check, finding.state, finding.advice)]
        output.add_row(*cells, style="" if finding.ok else "red")
    return output


def summary(results: Sequence[Finding]) -> Text:
    failed = sum(not finding.ok for finding in results)
    if not failed:
        return Text("All checks passed.", "全部检查通过。")
    return Text(f"{failed} of {len(results)} checks failed.", f"{len(results)} 项检查中有 {failed} 项异常。")
