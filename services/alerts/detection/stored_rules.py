"""The rules in force: the shipped ones, changed by what operations published and retired."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from asyncpg import Record

from chassis.postgres.database import Connection
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.alerts import RuleDrafted, RulePhase, RulePublished, RuleRetired
from contracts.topics import EVENT_TYPES
from services.alerts.detection.rule_reading import rule_of
from services.alerts.detection.stored_segments import POSITIONS, read_segments
from services.alerts.detection.sweep_state import IS_LATEST, in_force, swept_to
from services.alerts.engine.contact_definition import ContactDefinitions, definitions_of
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import NOBODY_SWEPT, InForce, RuleBook
from services.alerts.projection.rules import DRAFT, VERSION

MARK_SECONDS: Final = 5
POSITION = f"""
    SELECT (SELECT coalesce(max(position), 0) FROM rule) AS rules,
        (SELECT coalesce(max(version), 0) FROM event WHERE stream_id = $1) AS contacts,
        {POSITIONS.format(names="$2")} AS segments,
        coalesce((SELECT last_customer_id FROM rule_sweep s WHERE book = $3 AND {IS_LATEST}), $4) AS swept_to
"""  # noqa: S608 - fixed text
# A mark of the last seconds counts once it is committed: another transaction may still be rolled back.
MARKING = f"""
    WITH marked AS (
        INSERT INTO rule_build (shipped) SELECT $5 WHERE NOT EXISTS (
            SELECT FROM rule_build
            WHERE shipped = $5 AND evaluated_at > clock_timestamp() - make_interval(secs => {MARK_SECONDS})
        )
    )
    {POSITION}
"""  # noqa: S608
ROWS = "SELECT name, kind, position, event_id, recorded_at, data FROM rule ORDER BY name"
CONTACTS = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 ORDER BY version"  # noqa: S608


class Position(NamedTuple):
    """The position of the last event about rules, and the version of the definition of contacts.

    `segments` are the positions of the last events about the segments that rules name, in the order of names.
    """

    rules: int
    contacts: int
    segments: tuple[int, ...] = ()

    @property
    def own(self) -> tuple[int, int]:
        """Return the positions in the own store."""
        return self.rules, self.contacts


@dataclass(frozen=True, slots=True)
class Known:
    """A book, and where its last events are."""

    position: Position
    book: RuleBook


class StoredRules:
    """The rules in force as a transaction sees them. A book is kept until a version or a draft follows.

    `contacts` is the stream of the definition of contacts; without it, the shipped one is in force. The definition is
    read from the store: a version holds for all that is evaluated after its commit.
    """

    def __init__(self, shipped: RuleBook, mapper: EventMapper | None = None, contacts: UUID | None = None) -> None:
        self._shipped = shipped
        self._mapper = mapper or EventMapper()
        self._contacts = contacts
        self._known: Known | None = None

    async def current(self, held: Connection) -> InForce:
        """Return the rules in force. Whoever evaluates customers locks them first.

        A customer that is locked after a sweep has passed it is then evaluated under the book of the sweep, or a later
        one.
        """
        return await self._current(held, POSITION, [])

    async def evaluating(self, held: Connection) -> InForce:
        """As `current`. It is recorded that this build evaluates customers, so that others evaluate them after it."""
        return await self._current(held, MARKING, [self._shipped.fingerprint])

    async def _current(self, held: Connection, statement: str, more: Sequence[str]) -> InForce:
        known = self._known
        book = known.book if known else None
        names, fingerprint = (book.named_segments, book.fingerprint) if book else ((), "")
        (row,) = await held.fetch(statement, self._contacts, names, fingerprint, NOBODY_SWEPT, *more)
        position, swept = Position(row["rules"], row["contacts"], tuple(row["segments"])), row["swept_to"]
        if known is None or known.position != position:
            known = self._keep(await self._load(held, position))
            swept = await swept_to(held, known.book)
        return await in_force(held, known.book, swept, self._shipped.fingerprint)

    async def last_read(self, held: Connection) -> RuleBook:
        """Return the rules that were read last, which may be in force no longer. They cost no query."""
        return self._known.book if self._known else (await self.current(held)).book

    async def _load(self, held: Connection, position: Position) -> Known:
        contacts = await self._definitions(held)
        book = combined(self._shipped, await held.fetch(ROWS)).model_copy(update={"contacts": contacts})
        stored = await read_segments(held, book.named_segments)
        book, position = book.with_segments(stored.segments), position._replace(segments=stored.positions)
        return Known(position, book)

    async def _definitions(self, held: Connection) -> ContactDefinitions:
        """Return what counts as a contact, from all versions of the stream."""
        envelopes = [self._mapper.to_envelope(recorded(row)) for row in await held.fetch(CONTACTS, self._contacts)]
        return definitions_of((each.recorded_at, each.event) for each in envelopes)

    def _keep(self, known: Known) -> Known:
        """Keep the later of two books: several tasks read at the same time.

        The positions of segments go back if a restored store has lost versions. A book that is too old is not in force
        by its position, so it is read again.
        """
        if self._known is None or known.position.own >= self._known.position.own:
            self._known = known
        return known


def combined(shipped: RuleBook, rows: Iterable[Record]) -> RuleBook:
    """Return the shipped rules with what was published, retired and put into shadow."""
    versions, drafts = dict[str, Record](), dict[str, Record]()
    for row in rows:
        {VERSION: versions, DRAFT: drafts}[row["kind"]][row["name"]] = row
    events = {name: EVENT_TYPES[row["data"]["type"]].model_validate(row["data"]) for name, row in versions.items()}
    kept = [rule for rule in shipped.rules if rule.id not in versions]
    published = [
        rule_of(event, occurrence(versions[name])) for name, event in events.items() if isinstance(event, RulePublished)
    ]
    return RuleBook(
        zone=shipped.zone,
        rules=(*kept, *published),
        shadow=tuple(in_shadow(drafts.values(), versions)),
        retired={name: occurrence(versions[name]) for name, event in events.items() if isinstance(event, RuleRetired)},
    )


def in_shadow(drafts: Iterable[Record], versions: dict[str, Record]) -> Iterator[Rule]:
    """Yield the drafts in shadow. A later version of the rule ends the shadow."""
    for row in drafts:
        draft = RuleDrafted.model_validate(row["data"])
        version = versions.get(row["name"])
        if draft.phase is RulePhase.SHADOW and not (version and version["position"] > row["position"]):
            yield rule_of(draft)


def occurrence(row: Record) -> Occurrence:
    return Occurrence(row["recorded_at"], row["event_id"])
