"""`make doctor`: checks the running stack. The exit code is 0 if all checks pass, otherwise 1."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.doctor import findings, growth, probes
from deploy.doctor.findings import Finding, Text
from deploy.stack import state
from deploy.stack.databases import SERVICES
from deploy.stack.errors import StackError

HEADINGS = (Text("Check", "检查项"), Text("State", "状态"), Text("What to do", "处理办法"))


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


def main(
    language: Annotated[
        Language, typer.Option(help="The language of the output: en, or zh for 简体中文.")
    ] = Language.EN,
    data_dir: Annotated[Path, typer.Option(help="The data folder of the running stack.")] = Path(".care"),
) -> None:
    """Check the running stack and print the problems."""
    # The table reports connection errors, so the client's log is not needed.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        environment = state.running(data_dir).environment
    except StackError as error:
        raise SystemExit(str(error)) from error
    results = asyncio.run(examine(environment, data_dir))
    console = Console()
    console.print(table(results, language))
    console.print(summary(results, language))
    raise typer.Exit(exit_code(results))


async def examine(environment: Mapping[str, str], data_dir: Path) -> list[Finding]:
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


def exit_code(results: Sequence[Finding]) -> int:
    return 0 if all(finding.ok for finding in results) else 1


def table(results: Sequence[Finding], language: str) -> Table:
    """Return a table of all findings, failed checks first."""
    output = Table(*(translated(text, language) for text in HEADINGS))
    for finding in sorted(results, key=lambda each: each.ok):
        cells = [escape(translated(text, language)) for text in (finding.check, finding.state, finding.advice)]
        output.add_row(*cells, style="" if finding.ok else "red")
    return output


def summary(results: Sequence[Finding], language: str) -> str:
    failed = sum(not finding.ok for finding in results)
    if not failed:
        return translated(Text("All checks passed.", "全部检查通过。"), language)
    return translated(
        Text(f"{failed} of {len(results)} checks failed.", f"{len(results)} 项检查中有 {failed} 项异常。"), language
    )


def translated(text: Text, language: str) -> str:
    return text.zh if language == Language.ZH else text.en


if __name__ == "__main__":
    typer.run(main)
