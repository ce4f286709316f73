"""Declares a restore on the running servers, and repeats erasures afterwards."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Group

from deploy import erasures
from deploy.care import access, output
from deploy.care.options import DataDir, Json, Spoken
from deploy.restore.declaration import RestoreRefusedError
from deploy.restore.procedure import ERASURES, Declared, declare_restore, keep_erasures, read_status
from deploy.restore.tables import consumer_table, store_table
from deploy.stack.errors import StackError
from deploy.stack.layout import DEFAULT_DATA_DIR
from deploy.stack.text import Language, Text

restore = typer.Typer(no_args_is_help=True, help="Declare a restore: see docs/operations.md, A database is lost.")
SetBack = Annotated[list[str] | None, typer.Option(help="A database whose consumers are ahead; repeatable.")]
ErasuresFile = Annotated[Path, typer.Option(help="Where to write the erasures found on the topics.")]
SUBJECT, ROLE = "care", "ops"


@restore.command()
def status(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False, _language: Spoken = Language.EN) -> None:
    """Show the stores, and the consumers that contradict them. Changes nothing."""
    environment = access.running(data_dir).environment
    found, positions = asyncio.run(read_status(access.owner_urls(data_dir, environment)))
    tables = Group(store_table(found, output.language()), consumer_table(positions, output.language()))
    output.show({"stores": list(found.values()), "consumers": positions}, tables, as_json=as_json)


@restore.command()
def declare(
    set_back: SetBack = None,
    erasures_file: ErasuresFile = ERASURES,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Begin a new epoch of every store, and delete the topics. First: ./care start --only-servers."""
    environment = access.running(data_dir).environment
    bootstrap = environment["CARE_KAFKA_BOOTSTRAP"]
    kept = keep_erasures(bootstrap, erasures_file)
    urls = access.owner_urls(data_dir, environment)
    try:
        declared = asyncio.run(declare_restore(urls, bootstrap, set_back or []))
    except RestoreRefusedError as error:
        raise StackError(str(error)) from error
    lines = "\n".join(f"{name}: {epoch}" for name, epoch in declared.epochs.items())
    output.show({"erasures": kept, "declared": declared}, lines, as_json=as_json)
    output.say(_next_steps(declared, erasures_file, kept))


@restore.command("repeat-erasures")
def repeat_erasures(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)] = ERASURES,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
    _language: Spoken = Language.EN,
) -> None:
    """Request the erasures of a file again. The services must run."""
    environment = access.services(data_dir)
    wanted = erasures.read(file.read_text(encoding="utf-8").splitlines())
    token = str(access.requested(environment["CARE_ISSUER"], {"subject": SUBJECT, "roles": [ROLE]})["access_token"])
    try:
        outcomes = asyncio.run(erasures.repeat(wanted, environment["CARE_CUSTOMER_URL"], token))
    except httpx.TransportError as error:
        raise StackError(f"The customer service does not answer: {error}") from error
    lines = "\n".join(f"{outcome}: {count}" for outcome, count in sorted(outcomes.items()))
    output.show(dict(outcomes), lines, as_json=as_json)


def _next_steps(declared: Declared, file: Path, kept: int | None) -> Text:
    rebuilds = [f"./care rebuild {name}" for name in declared.to_rebuild]
    repeat = f"./care restore repeat-erasures {file}"
    unread = Text(
        "The customer topic cannot be read: take erasures from the logs.", "无法读取客户主题：请从日志中查找删除记录。"
    )
    known = Text(f"{kept} erasures are in {file}.", f"{file} 中有 {kept} 条删除记录。")
    found = unread if kept is None else known
    steps = ["./care start", *rebuilds, *([] if kept is None else [repeat])]
    commands = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
    topics = len(declared.topics_deleted)
    return Text(
        f"{found.en} {topics} topics were deleted. Now:{commands}\nThen send the commands again that were lost.",
        f"{found.zh}已删除 {topics} 个主题。接下来：{commands}\n然后请发送方重发丢失的命令。",
    )
