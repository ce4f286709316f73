"""What makes each table grow, as in docs/operations.md, and the findings about sizes. Pure."""

from collections.abc import Iterator, Mapping

from contracts.topics import WATERMARKS_COMPACTED_AFTER_MS
from deploy.doctor.findings import Finding, wrong
from deploy.doctor.observations import DatabaseObservation, KafkaObservation, TableSize
from deploy.stack.text import Text

SHOWN_TABLES = 5
# Smaller tables are not worth a word: autovacuum cleans them when it comes to them.
LARGE_BYTES = 16 * 1024 * 1024
# A watermark a second is written under load. Compaction leaves those of two intervals, and some of the next.
MAX_WATERMARK_RECORDS = 5 * WATERMARKS_COMPACTED_AFTER_MS // 1000

FACTS = Text("kept for ever", "永久保留")
UNTIL_ERASED = Text("kept until erased", "保留至被删除个人数据")
OBJECTS = Text("one row per object", "每个对象一行")
SEVEN_DAYS = Text("7 days", "7 天")
FOURTEEN_DAYS = Text("14 days", "14 天")
NINETY_DAYS = Text("90 days", "90 天")
UNTIL_HANDLED = Text("until replayed, discarded, or 90 days", "至重放、丢弃，或 90 天")
UNTIL_DONE = Text("until carried out", "至执行完成")
HUNDRED = Text("the last 100", "最近 100 次")
FIXED = Text("does not grow", "不增长")
UNKNOWN = Text("not a table of this product", "不是本产品的表")

KEPT: Mapping[str, Text] = {
    **dict.fromkeys(("event", "idempotency_kept"), FACTS),
    **dict.fromkeys(("erasure", "erasure_answer", "erasure_confirmation", "erasure_received"), FACTS),
    **dict.fromkeys(("import_batch", "anonymous_answer", "fact", "discarded_event", "alert_history"), FACTS),
    "vault": UNTIL_ERASED,
    **dict.fromkeys(("idempotency", "idempotency_other"), SEVEN_DAYS),
    "import_row": NINETY_DAYS,
    "erased_import_key": FOURTEEN_DAYS,
    "parked_event": UNTIL_HANDLED,
    **dict.fromkeys(("consumer_position", "relay_cursor", "relay_lease", "relay_partition", "store_epoch"), FIXED),
    **dict.fromkeys(("schema_migrations", "business_zone"), FIXED),
    **dict.fromkeys(
        ("customer", "customer_likeness", "customer_ref", "customer_reference", "customer_search"), OBJECTS
    ),
    **dict.fromkeys(
        ("customer_holders", "plan_customer", "guard_watch", "silence", "silence_item", "tier_due"), OBJECTS
    ),
    **dict.fromkeys(("customer_order", "quote", "contract", "contact", "interaction", "key_contact_dates"), OBJECTS),
    **dict.fromkeys(("task", "complaint", "survey", "plan", "guard", "alert", "open_item", "snapshot"), OBJECTS),
    **dict.fromkeys(("alert_ladder", "mute"), OBJECTS),
    **dict.fromkeys(("duplicate_pair", "handover", "handover_batch", "handover_item"), OBJECTS),
    **dict.fromkeys(("employee", "leader_change", "leaver", "absence", "segment", "tier_scheme"), OBJECTS),
    **dict.fromkeys(
        ("plan_template", "plan_turn", "waiting_version", "rule", "shadow_episode", "rule_failure"), OBJECTS
    ),
    "rule_sweep": HUNDRED,
    "rule_build": HUNDRED,
    **dict.fromkeys(("reassignment", "plan_ending", "pending_change"), UNTIL_DONE),
}


def database(observed: DatabaseObservation) -> Iterator[Finding]:
    """Yield the largest tables of a database, and a finding for each part that is beyond its bound."""
    growth = observed.growth
    if growth is None:
        return
    check = Text(f"size of {observed.service}'s database", f"{observed.service} 数据库的大小")
    largest = growth.tables[:SHOWN_TABLES]
    yield Finding(check, Text("; ".join(map(size, largest)), "；".join(map(size_zh, largest))))
    yield from (dead_rows(observed.service, each) for each in growth.tables if is_mostly_dead(each))
    if growth.overdue_partitions:
        count = growth.overdue_partitions
        yield wrong(
            Text(f"idempotency keys of {observed.service}", f"{observed.service} 的幂等键"),
            Text(
                f"Partitions whose day is over have not been dropped: {count}.", f"有 {count} 个已到期的分区没有删除。"
            ),
            Text(
                "A process with the role relay must run. See idempotency.locked in the log: a long read is in the way.",
                "须有运行 relay 角色的进程；或有长时间的读取占用该表，见日志中的 idempotency.locked。",
            ),
        )
    if growth.overdue_imports:
        count = growth.overdue_imports
        yield wrong(
            Text(f"imports of {observed.service}", f"{observed.service} 的导入结果"),
            Text(
                f"Imports whose row results have expired but are not deleted: {count}.",
                f"有 {count} 次导入的逐行结果已到期但没有删除。",
            ),
            Text("Start a process with the role importer.", "请启动 importer 角色的进程。"),
        )


def is_mostly_dead(table: TableSize) -> bool:
    return table.bytes >= LARGE_BYTES and table.dead_rows > table.rows


def dead_rows(service: str, table: TableSize) -> Finding:
    return wrong(
        Text(f"table {table.name} of {service}", f"{service} 的表 {table.name}"),
        Text(
            f"It has {table.dead_rows} dead rows and {table.rows} rows in {megabytes(table)}.",
            f"有 {table.dead_rows} 个失效行、{table.rows} 行数据，共 {megabytes(table)}。",
        ),
        Text(
            "Look for a transaction that has been open for long (pg_stat_activity), and check that autovacuum is on.",
            "请查找长时间未结束的事务（pg_stat_activity），并确认 autovacuum 已开启。",
        ),
    )


def size(table: TableSize) -> str:
    kept = KEPT.get(table.name, UNKNOWN).en
    return f"{table.name} {megabytes(table)}, rows: {table.rows}, dead: {table.dead_rows} ({kept})"


def size_zh(table: TableSize) -> str:
    kept = KEPT.get(table.name, UNKNOWN).zh
    return f"{table.name} {megabytes(table)}，{table.rows} 行，失效 {table.dead_rows} 行（{kept}）"


def megabytes(table: TableSize) -> str:
    return f"{table.bytes / 1_000_000:.1f} MB"


def watermarks(observed: KafkaObservation) -> Iterator[Finding]:
    """Yield a finding for each topic of watermarks: it fails if the broker does not compact the topic."""
    for topic, records in observed.watermark_records.items():
        check = Text(f"topic {topic}", f"主题 {topic}")
        if records <= MAX_WATERMARK_RECORDS:
            yield Finding(check, Text(f"records in a partition: up to {records}", f"每个分区最多 {records} 条记录"))
            continue
        yield wrong(
            check,
            Text(
                f"A partition holds {records} records: the topic is not compacted.",
                f"某个分区有 {records} 条记录，该主题没有被压缩。",
            ),
            Text(
                "Check the broker's log cleaner (log.cleaner.enable) and the topic's settings, see docs/kafka.md.",
                "请查看 broker 日志中的 log cleaner（log.cleaner.enable）以及主题配置（docs/kafka.md）。",
            ),
        )
