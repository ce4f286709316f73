"""`make doctor`: checks the running stack; exit code 0 when all is well, 1 when something is wrong."""

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

from deploy.doctor import judgement, looking
from deploy.doctor.judgement import Finding, Words
from deploy.stack import state
from deploy.stack.databases import SERVICES
from deploy.stack.errors import CannotRun

HEADINGS = (Words("Check", "检查项"), Words("State", "状态"), Words("What to do", "处理办法"))


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


def main(
    language: Annotated[
        Language, typer.Option(help="The language of the findings: en, or zh for 简体中文.")
    ] = Language.EN,
    data_dir: Annotated[Path, typer.Option(help="Where the running product keeps its data.")] = Path(".care"),
) -> None:
    """Check the running stack and say what is wrong."""
    # The table says it better than the client's own complaints.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        environment = state.running(data_dir).environment
    except CannotRun as error:
        raise SystemExit(str(error)) from error
    findings = asyncio.run(examine(environment, data_dir))
    console = Console()
    console.print(table(findings, language))
    console.print(verdict(findings, language))
    raise typer.Exit(exit_code(findings))


async def examine(environment: Mapping[str, str], data_dir: Path) -> list[Finding]:
    urls = {name: environment[f"CARE_{name.upper()}_DATABASE_URL"] for name in SERVICES}
    answers = await asyncio.gather(
        looking.issuer(environment["CARE_JWKS_URL"]),
        *(looking.service(name, environment[f"CARE_{name.upper()}_URL"]) for name in SERVICES),
    )
    broker = await looking.kafka(environment["CARE_KAFKA_BOOTSTRAP"])
    stores = await looking.databases(urls, data_dir)
    return [
        *(finding for seen in answers for finding in judgement.service(seen)),
        *judgement.kafka(broker),
        *(finding for seen in stores for finding in judgement.database(seen)),
    ]


def exit_code(findings: Sequence[Finding]) -> int:
    return 0 if all(finding.well for finding in findings) else 1


def table(findings: Sequence[Finding], language: str) -> Table:
    """Return all findings, what is wrong first."""
    made = Table(*(said(words, language) for words in HEADINGS))
    for finding in sorted(findings, key=lambda each: each.well):
        cells = [escape(said(words, language)) for words in (finding.check, finding.state, finding.advice)]
        made.add_row(*cells, style="" if finding.well else "red")
    return made


def verdict(findings: Sequence[Finding], language: str) -> str:
    wrong = sum(not finding.well for finding in findings)
    if not wrong:
        return said(Words("All is well.", "一切正常。"), language)
    return said(
        Words(f"{wrong} of {len(findings)} checks failed.", f"{len(findings)} 项检查中有 {wrong} 项异常。"), language
    )


def said(words: Words, language: str) -> str:
    return words.zh if language == Language.ZH else words.en


if __name__ == "__main__":
    typer.run(main)
