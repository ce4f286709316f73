"""What is wrong with what was seen, in both languages. Pure: numbers in, sentences out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.topics import ERASURE_ANSWERS, TOPICS
from deploy.doctor.observed import DatabaseSeen, KafkaSeen, Lag, Outbox, Parked, ServiceSeen

MAX_CLOCK_DIFFERENCE_SECONDS = 2.0
MAX_AGE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Words:
    en: str
    zh: str


FINE = Words("in order", "正常")
NOTHING_TO_DO = Words("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: Words
    state: Words = FINE
    advice: Words = NOTHING_TO_DO
    well: bool = True


def wrong(check: Words, state: Words, advice: Words) -> Finding:
    return Finding(check, state, advice, well=False)


def service(seen: ServiceSeen) -> Iterator[Finding]:
    """One finding for each thing that a service says is amiss."""
    check = Words(f"service {seen.name}", f"服务 {seen.name}")
    log = Words(
        f"See its log: logs/{seen.name}.log in the data folder.", f"请查看数据目录下的日志 logs/{seen.name}.log。"
    )
    if seen.problem:
        yield wrong(check, Words(f"It does not answer: {seen.problem}.", f"没有响应：{seen.problem}。"), log)
        return
    for name, detail in seen.faults.items():
        state = Words(f"It takes no commands; {name}: {detail}.", f"暂不受理命令；{name}：{detail}。")
        yield wrong(check, state, Words(f"Bring the {name} back.", f"请恢复 {name}。"))
    for name, detail in seen.degraded.items():
        state = Words(f"Its part {name} is not ready: {detail.strip()}", f"其部件 {name} 未就绪：{detail.strip()}")
        yield wrong(check, state, log)
    if not seen.faults and not seen.degraded:
        yield Finding(check)


def database(seen: DatabaseSeen) -> Iterator[Finding]:
    """All that can be said from one service's database."""
    check = Words(f"database of {seen.service}", f"{seen.service} 的数据库")
    if seen.problem:
        state = Words(f"It cannot be read: {seen.problem}.", f"无法读取：{seen.problem}。")
        yield wrong(check, state, Words("See whether PostgreSQL runs.", "请检查 PostgreSQL 是否在运行。"))
        return
    yield Finding(check)
    yield clock(seen)
    yield migrations(seen)
    if seen.outbox:
        yield from outbox(seen.service, seen.outbox)
    for each in seen.lags:
        yield lag(each)
    yield from parked(seen.service, seen.parked)


def clock(seen: DatabaseSeen) -> Finding:
    check = Words(f"clock of {seen.service}'s database", f"{seen.service} 数据库的时钟")
    seconds = seen.clock_ahead_seconds
    if abs(seconds) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return Finding(check)
    way = Words("ahead of", "快") if seconds > 0 else Words("behind", "慢")
    state = Words(f"It is {abs(seconds):.0f} s {way.en} this machine's.", f"比本机{way.zh} {abs(seconds):.0f} 秒。")
    return wrong(check, state, Words("Set both clocks by NTP.", "请用 NTP 校准两边的时钟。"))


def migrations(seen: DatabaseSeen) -> Finding:
    check = Words(f"migrations of {seen.service}", f"{seen.service} 的数据库迁移")
    if not seen.missing:
        return Finding(check)
    names = ", ".join(seen.missing)
    return wrong(
        check,
        Words(f"Not applied: {names}.", f"尚未执行：{names}。"),
        Words(f"python -m services.{seen.service} migrate", f"python -m services.{seen.service} migrate"),
    )


def outbox(service_name: str, seen: Outbox) -> Iterator[Finding]:
    """Waiting events are wrong only if nobody publishes them: no lease, or a cursor that stands still."""
    restart = Words(f"See the relay in logs/{service_name}.log.", f"请在 logs/{service_name}.log 中查看 relay。")
    check = Words(f"lease of {service_name}'s relay", f"{service_name} 的发布租约")
    if seen.seconds_left <= 0:
        yield wrong(check, Words("Nobody holds it: nothing is published.", "无人持有，事件不会发布。"), restart)
    else:
        yield Finding(check, Words(f"held by {seen.holder}", f"由 {seen.holder} 持有"))
    check = Words(f"outbox of {service_name}", f"{service_name} 的待发布事件")
    pending = seen.head - seen.cursor
    if pending > 0 and not seen.moved:
        state = Words(f"Events waiting: {pending}, and none goes out.", f"{pending} 个事件等待发布，且没有进展。")
        yield wrong(
            check, state, Words(f"See whether Kafka runs. {restart.en}", f"请检查 Kafka 是否在运行。{restart.zh}")
        )
    else:
        yield Finding(check, Words(f"{pending} waiting", f"{pending} 个待发布"))


def lag(seen: Lag) -> Finding:
    check = Words(f"{seen.consumer} reading {seen.topic}", f"{seen.consumer} 读取 {seen.topic}")
    log = Words("See the service's log for consumer.rewind, applier.parked, task.restart.", "请查看服务日志。")
    if seen.events > 0 and not seen.moved:
        state = Words(f"It stands still; events behind: {seen.events}.", f"落后 {seen.events} 个事件，且没有进展。")
        return wrong(check, state, log)
    if seen.age_seconds is not None and seen.age_seconds > MAX_AGE_SECONDS:
        age = f"{seen.age_seconds:.0f}"
        state = Words(
            f"Nothing complete has been heard for {age} s; no alert is raised meanwhile.",
            f"已有 {age} 秒没有收到完整性标记，其间不会产生告警。",
        )
        return wrong(
            check, state, Words("See whether Kafka and the owner's relay run.", "请检查 Kafka 与来源服务的 relay。")
        )
    return Finding(check, Words(f"{seen.events} events behind", f"落后 {seen.events} 个事件"))


def parked(service_name: str, seen: Iterable[Parked]) -> Iterator[Finding]:
    for each in seen:
        yield wrong(
            Words(f"parked by {each.consumer}", f"{each.consumer} 搁置的事件"),
            Words(
                f"Held back: customers {each.customers}, events {each.events}; the first because: {each.reason}.",
                f"{each.customers} 位客户被搁置，共 {each.events} 个事件；首个原因：{each.reason}。",
            ),
            Words(
                f"python -m services.{service_name} parked list, then replay or discard",
                f"先运行 python -m services.{service_name} parked list，再 replay 或 discard",
            ),
        )


def kafka(seen: KafkaSeen) -> Iterator[Finding]:
    check = Words("Kafka", "Kafka")
    if seen.problem:
        state = Words(f"It does not answer: {seen.problem}.", f"没有响应：{seen.problem}。")
        advice = Words("Start it; what waits in the stores goes out then.", "请启动 Kafka，待发布的事件随后会发出。")
        yield wrong(check, state, advice)
        return
    yield Finding(check)
    for topic in (*TOPICS, *ERASURE_ANSWERS):
        yield partitions(topic.name, topic.partitions, seen.partitions.get(topic.name))


def partitions(name: str, declared: int, found: int | None) -> Finding:
    check = Words(f"topic {name}", f"主题 {name}")
    if found == declared:
        return Finding(check)
    if found is None:
        state = Words("It is not there.", "主题不存在。")
        return wrong(
            check, state, Words("Restart its owner, which makes and refills it.", "请重启其所属服务，它会重建并补发。")
        )
    state = Words(f"It has {found} partitions; {declared} are declared.", f"有 {found} 个分区，应为 {declared} 个。")
    return wrong(check, state, Words("See docs/kafka.md: this is a migration.", "请参阅 docs/kafka.md：这需要迁移。"))
