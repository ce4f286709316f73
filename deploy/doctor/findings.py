"""Turns observations into findings, in English and Chinese. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.topics import ERASURE_ANSWERS, TOPICS
from deploy.doctor.observations import DatabaseObservation, KafkaObservation, Lag, Outbox, Parked, ServiceObservation
from deploy.stack.text import Text

MAX_CLOCK_DIFFERENCE_SECONDS = 2.0
MAX_AGE_SECONDS = 60.0


OK = Text("ok", "正常")
NOTHING_TO_DO = Text("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: Text
    state: Text = OK
    advice: Text = NOTHING_TO_DO
    ok: bool = True


def wrong(check: Text, state: Text, advice: Text) -> Finding:
    return Finding(check, state, advice, ok=False)


def service(observed: ServiceObservation) -> Iterator[Finding]:
    """Yield one finding for each problem that a service reports."""
    check = Text(f"service {observed.name}", f"服务 {observed.name}")
    log = Text(
        f"See the log file logs/{observed.name}.log in the data folder; of containers, make logs.",
        f"请查看数据目录下的日志 logs/{observed.name}.log；容器请用 make logs。",
    )
    if observed.problem:
        yield wrong(
            check, Text(f"The service does not answer: {observed.problem}.", f"服务没有响应：{observed.problem}。"), log
        )
        return
    for name, detail in observed.faults.items():
        state = Text(f"The service rejects commands. {name}: {detail}.", f"服务暂不受理命令。{name}：{detail}。")
        yield wrong(check, state, Text(f"Restore the {name}.", f"请恢复 {name}。"))
    for name, detail in observed.degraded.items():
        state = Text(f"The task {name} is not ready: {detail.strip()}", f"任务 {name} 未就绪：{detail.strip()}")
        yield wrong(check, state, log)
    if not observed.faults and not observed.degraded:
        yield Finding(check)


def database(observed: DatabaseObservation) -> Iterator[Finding]:
    """Yield the findings about the database of one service."""
    check = Text(f"database of {observed.service}", f"{observed.service} 的数据库")
    if observed.problem:
        state = Text(f"The database cannot be read: {observed.problem}.", f"无法读取数据库：{observed.problem}。")
        yield wrong(check, state, Text("Check whether PostgreSQL is running.", "请检查 PostgreSQL 是否在运行。"))
        return
    yield Finding(check)
    yield clock(observed)
    yield migrations(observed)
    if observed.outbox:
        yield from outbox(observed.service, observed.outbox)
    for each in observed.lags:
        yield lag(each)
    yield from parked(observed.service, observed.parked)


def clock(observed: DatabaseObservation) -> Finding:
    check = Text(f"clock of {observed.service}'s database", f"{observed.service} 数据库的时钟")
    seconds = observed.clock_ahead_seconds
    if abs(seconds) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return Finding(check)
    way = Text("ahead of", "快") if seconds > 0 else Text("behind", "慢")
    state = Text(
        f"The clock is {abs(seconds):.0f} s {way.en} this machine's clock.",
        f"时钟比本机{way.zh} {abs(seconds):.0f} 秒。",
    )
    return wrong(check, state, Text("Synchronise both clocks with NTP.", "请用 NTP 同步两边的时钟。"))


def migrations(observed: DatabaseObservation) -> Finding:
    check = Text(f"migrations of {observed.service}", f"{observed.service} 的数据库迁移")
    if not observed.missing:
        return Finding(check)
    names = ", ".join(observed.missing)
    return wrong(
        check,
        Text(f"Not applied: {names}.", f"尚未执行：{names}。"),
        Text(
            "Stop the product and start it again: the start applies them.",
            "请停止系统后重新启动：启动时会执行迁移。",
        ),
    )


def outbox(service_name: str, observed: Outbox) -> Iterator[Finding]:
    """Yield findings about the relay. Waiting events are a problem only if the cursor does not move."""
    restart = Text(
        f"See the relay's entries in logs/{service_name}.log; of containers, in make logs.",
        f"请查看 logs/{service_name}.log 中 relay 的记录；容器请用 make logs。",
    )
    check = Text(f"lease of {service_name}'s relay", f"{service_name} 的发布租约")
    if observed.seconds_left <= 0:
        yield wrong(
            check,
            Text("No relay holds the lease, so no events are published.", "没有 relay 持有租约，事件不会发布。"),
            restart,
        )
    else:
        yield Finding(check, Text(f"held by {observed.holder}", f"由 {observed.holder} 持有"))
    check = Text(f"outbox of {service_name}", f"{service_name} 的待发布事件")
    pending = observed.head - observed.cursor
    if pending > 0 and not observed.moved:
        state = Text(f"Events waiting: {pending}. The relay publishes none.", f"{pending} 个事件等待发布，且没有进展。")
        yield wrong(
            check,
            state,
            Text(f"Check whether Kafka is running. {restart.en}", f"请检查 Kafka 是否在运行。{restart.zh}"),
        )
    else:
        yield Finding(check, Text(f"{pending} waiting", f"{pending} 个待发布"))


def lag(observed: Lag) -> Finding:
    check = Text(f"{observed.consumer} reading {observed.topic}", f"{observed.consumer} 读取 {observed.topic}")
    log = Text(
        "Search the service's log for consumer.rewind, applier.parked and task.restart.",
        "请在服务日志中查找 consumer.rewind、applier.parked 和 task.restart。",
    )
    if observed.events > 0 and not observed.moved:
        state = Text(
            f"The consumer makes no progress. Events behind: {observed.events}.",
            f"落后 {observed.events} 个事件，且没有进展。",
        )
        return wrong(check, state, log)
    if observed.age_seconds is not None and observed.age_seconds > MAX_AGE_SECONDS:
        age = f"{observed.age_seconds:.0f}"
        state = Text(
            f"The last watermark is {age} s old. No alerts for silence are raised until a new one arrives.",
            f"已有 {age} 秒没有收到水位标记（watermark），在此期间不会产生沉默预警。",
        )
        return wrong(
            check,
            state,
            Text(
                "Check whether Kafka and the relay of the topic's owner are running.",
                "请检查 Kafka 与来源服务的 relay。",
            ),
        )
    return Finding(check, Text(f"events behind: {observed.events}", f"落后 {observed.events} 个事件"))


def parked(service_name: str, observed: Iterable[Parked]) -> Iterator[Finding]:
    for each in observed:
        yield wrong(
            Text(f"parked events of {each.consumer}", f"{each.consumer} 搁置的事件"),
            Text(
                f"Parked events: {each.events}, of customers: {each.customers}. Days since the first: {each.days}."
                f" First reason: {each.reason}.",
                f"{each.customers} 位客户共有 {each.events} 个事件被搁置，最早的已有 {each.days} 天；"
                f"首个原因：{each.reason}。",
            ),
            Text(
                f"Run ./care parked {service_name} list, then replay or discard.",
                f"先运行 ./care parked {service_name} list，再执行 replay 或 discard。",
            ),
        )


def kafka(observed: KafkaObservation) -> Iterator[Finding]:
    check = Text("Kafka", "Kafka")
    if observed.problem:
        state = Text(f"Kafka does not answer: {observed.problem}.", f"Kafka 没有响应：{observed.problem}。")
        advice = Text("Start Kafka. Waiting events are then published.", "请启动 Kafka，待发布的事件随后会发布。")
        yield wrong(check, state, advice)
        return
    yield Finding(check)
    for topic in (*TOPICS, *ERASURE_ANSWERS):
        yield partitions(topic.name, topic.partitions, observed.partitions.get(topic.name))


def partitions(name: str, declared: int, found: int | None) -> Finding:
    check = Text(f"topic {name}", f"主题 {name}")
    if found == declared:
        return Finding(check)
    if found is None:
        state = Text("The topic does not exist.", "主题不存在。")
        return wrong(
            check,
            state,
            Text(
                "Restart the service that owns it. It creates and refills the topic.",
                "请重启其所属服务，它会重建主题并补发。",
            ),
        )
    state = Text(
        f"The topic has {found} partitions instead of {declared}.", f"主题有 {found} 个分区，应为 {declared} 个。"
    )
    return wrong(check, state, Text("This needs a migration, see docs/kafka.md.", "需要迁移，请参阅 docs/kafka.md。"))
