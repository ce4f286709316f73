"""The list of rules: the rules in force, those that are drafted only, and those that were retired."""

from collections.abc import Iterable, Mapping
from typing import Any

from asyncpg import Record
from pydantic import BaseModel

from contracts.alerts import RuleDrafted, RulePhase, RulePublished
from services.alerts.detection.rule_reading import rule_of
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.sentences import sentence
from services.alerts.engine.words import Words
from services.alerts.projection.rules import DRAFT


class SentenceView(BaseModel):
    """A text in both languages."""

    en: str
    zh: str


class DraftSummary(BaseModel):
    """The latest draft of a rule. `is_in_shadow`: it is detected now, and delivered to nobody."""

    number: int
    phase: RulePhase
    is_in_shadow: bool


class RuleSummary(BaseModel):
    """A rule: `number` is that of the version in force, null if none is. `sentence` says what it does.

    `open` alerts are open; `started_30_days` alerts started within the last 30 days. With `segment_faults`, the
    condition in force or in shadow fails on every customer: a segment that it names was removed. With `fault`, this
    version of the service refuses the stored definition: the rule fails on every customer, and has no sentence.
    """

    name: str
    phase: RulePhase
    number: int | None
    is_shipped: bool
    shape: str | None
    title: SentenceView | None
    sentence: SentenceView | None
    draft: DraftSummary | None
    fault: SentenceView | None
    segment_faults: list[SentenceView]
    open: int
    started_30_days: int


class RulesView(BaseModel):
    items: list[RuleSummary]


def rules_view(
    book: RuleBook, rows: Iterable[Record], is_open: Mapping[str, int], started: Mapping[str, int]
) -> RulesView:
    """Return all rules in the order of names."""
    drafts = {row["name"]: RuleDrafted.model_validate(row["data"]) for row in rows if row["kind"] == DRAFT}
    names = {rule.id for rule in book.rules} | book.retired.keys() | drafts.keys()
    shadow = {rule.id for rule in book.shadow}
    items = [
        RuleSummary(
            **content(book, name, drafts.get(name)),
            draft=draft_summary(drafts[name], is_in_shadow=name in shadow) if name in drafts else None,
            open=is_open.get(name, 0),
            started_30_days=started.get(name, 0),
        )
        for name in sorted(names)
    ]
    return RulesView(items=items)


def content(book: RuleBook, name: str, draft: RuleDrafted | None) -> dict[str, Any]:
    """Return what a rule is: the version in force or, if there is none, the draft."""
    rule = book.rule(name)
    shown = rule or (rule_of(draft) if draft else None)
    readable = None if shown is None or shown.unreadable else shown
    phase = RulePhase.PUBLISHED if rule else RulePhase.RETIRED if name in book.retired else RulePhase.DRAFT
    return {
        "name": name,
        "phase": phase,
        "number": rule.version if rule else None,
        "is_shipped": rule is not None and rule.published is None,
        "shape": readable.condition.shape if readable else None,
        "title": text(shown.title) if shown else None,
        "sentence": text(sentence(readable)) if readable else None,
        "fault": text(shown.unreadable.fault) if shown and shown.unreadable else None,
        "segment_faults": list(map(text, segment_faults(book, name))),
    }


def segment_faults(book: RuleBook, name: str) -> list[Words]:
    """Return what is wrong with the segments that a rule in force and its draft in shadow name, each once."""
    segments = (each for rule in (*book.rules, *book.shadow) if rule.id == name for each in rule.segments.values())
    return list(dict.fromkeys(each.fault for each in segments if each.fault))


def draft_summary(draft: RuleDrafted, *, is_in_shadow: bool) -> DraftSummary:
    phase = RulePhase.SHADOW if is_in_shadow else RulePhase.DRAFT
    return DraftSummary(number=draft.number, phase=phase, is_in_shadow=is_in_shadow)


def sentence_of(event: RulePublished | RuleDrafted) -> SentenceView | None:
    """Return what a version or a draft says; None if this build refuses its definition."""
    rule = rule_of(event)
    return None if rule.unreadable else text(sentence(rule))


def text(words: Words) -> SentenceView:
    return SentenceView(en=words.en, zh=words.zh)
