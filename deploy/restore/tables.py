"""The tables of stores and consumers."""

from collections.abc import Mapping, Sequence

from rich.table import Column, Table

from deploy.restore.observation import Applied, Store
from deploy.stack.text import Language, Text

STORE_HEADINGS = (Text("store", "库"), Text("last position", "最后位置"), Text("epoch", "纪元"))
CONSUMER_HEADINGS = (
    Text("database", "数据库"),
    Text("consumer", "消费者"),
    Text("topic/partition", "主题/分区"),
    Text("applied", "已应用"),
    Text("contradiction", "矛盾"),
)
NONE = Text("none", "无")


def store_table(found: Mapping[str, Store], language: str = Language.EN) -> Table:
    table = Table(*(text.to(language) for text in STORE_HEADINGS))
    for store in found.values():
        table.add_row(store.name, str(store.head), str(store.epoch))
    return table


def consumer_table(positions: Sequence[Applied], language: str = Language.EN) -> Table:
    table = Table(*(Column(text.to(language), overflow="fold") for text in CONSUMER_HEADINGS))
    for each in positions:
        place = f"{each.topic}/{each.partition}"
        table.add_row(each.database, each.consumer, place, str(each.position), each.fault or NONE.to(language))
    return table
