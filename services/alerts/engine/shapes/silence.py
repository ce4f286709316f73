"""Silence: a signal has not come for so many days, since the last one, the registration, or another signal."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.customer import Mode, ProfileChanged
from contracts.event import Event
from contracts.field_error import FieldError
from contracts.types import Code
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence, latest
from services.alerts.engine.signals import (
    CONTACT,
    HEARD,
    KEY_DATE,
    NEED,
    NEED_SETTLED,
    PROFILE_REVIEW,
    REGISTRATION,
    SignalName,
)
from services.alerts.engine.stretch import Beginning, Stretch
from services.alerts.engine.tiers import MAX_TIERS, OTHERS, Days, for_all_tiers
from services.alerts.engine.unmet import Unmet
from services.alerts.engine.words import Words, length, length_zh, scope, scope_zh

MAX_SIGNALS: Final = len(get_args(SignalName))
DaysByTier = Annotated[Mapping[Code, Days], Field(max_length=MAX_TIERS), AfterValidator(for_all_tiers)]


# A need is kept until it is met, and the registration as a fact of its own: neither is the latest signal of its name.
NEVER_ENDING = frozenset({NEED, REGISTRATION})


class Silence(BaseModel):
    """None of `signals` for `days`, by mode and tier. A customer in a mode without days is not watched.

    With `after`, the silence begins with the signal of that name (the oldest open need or key date, or the last of
    another signal) if none of `signals` has come since. Without it, it begins with the last of `signals`, with the
    registration, or when a lost customer was won back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    at_once: ClassVar[bool] = False
    is_of_items: ClassVar[bool] = False
    beginning: ClassVar[Beginning] = Beginning.MOVES

    shape: Literal["silence"] = "silence"
    signals: Annotated[tuple[SignalName, ...], Field(min_length=1, max_length=MAX_SIGNALS)]
    after: SignalName | None = None
    days: Annotated[Mapping[Mode, DaysByTier], Field(min_length=1, max_length=len(Mode))]

    @model_validator(mode="after")
    def _check_signals(self) -> Self:
        if given := NEVER_ENDING & set(self.signals):
            named = ", ".join(sorted(given))
            raise FieldError(f"{named} can end no silence", f"{named} 不能结束沉默", "signals")
        return self

    @property
    def kept_in(self) -> str | None:
        """Return the field of the facts with what it watches, if that is one which may be empty."""
        return "needs" if self.after == NEED else None

    def hears(self) -> frozenset[type[Event]]:
        return frozenset(chain.from_iterable(HEARD[name] for name in (*self.signals, self.after) if name))

    def stretches(self, facts: Facts, _zone: str, _after: datetime | None = None) -> Sequence[Stretch]:
        mode = facts.mode
        allowed = self._allowed.get(mode) if mode else None
        if mode is None or allowed is None or (self._needs_history and not facts.is_complete):
            return ()
        since = self._since(facts)
        if since is None:
            return ()
        length = allowed.get(facts.tier or OTHERS) or allowed[OTHERS]
        return (Stretch(since, since.at + length, facts.owner_id, mode),)

    def watches(self, mode: Mode | None) -> bool:
        """Return whether customers in a mode are watched; a lost customer has none."""
        return mode in self.days

    def unmet(self, facts: Facts) -> Unmet | None:
        """Return why customers like this one are not watched."""
        if self._needs_history and not facts.is_complete:
            return Unmet.INCOMPLETE
        return None if facts.mode in self.days else Unmet.MODE

    def ended_by(self, facts: Facts, since: datetime) -> Occurrence | None:
        """Return what ended a silence since `since`: a signal, a settled need, or else the stage.

        None: a change allows more time, or the beginning of the silence moved.
        """
        ended = self._ended(facts)
        if self.after is None:
            if ended and ended.at > since:
                return ended
            return None if facts.mode in self.days else facts.stage_since
        settled = facts.signals.get(NEED_SETTLED) if self.after == NEED else None
        found = [each for each in (ended, settled, facts.stage_since) if each and each.at >= since]
        return found[0] if found else None

    def words(self, title: Words, facts: Facts, stretch: Stretch, _zone: str, instant: datetime) -> Words:
        """Return the summary at `instant`."""
        lasted, allowed = instant - stretch.since.at, stretch.threshold
        return Words(
            f"{title.en} for {length(lasted)}; {length(allowed)} are allowed ({scope(facts)}).",
            f"{title.zh}已有 {length_zh(lasted)}，上限 {length_zh(allowed)}（{scope_zh(facts)}）。",
        )

    @cached_property
    def delaying(self) -> frozenset[type[Event]]:
        """Return the events that can only end the silence or begin it later. A profile may take a contact back."""
        begins = HEARD[self.after] if self.after else frozenset()
        taken_back = {ProfileChanged} if CONTACT in self.signals else set()
        return frozenset(chain.from_iterable(HEARD[name] for name in self.signals)) - begins - taken_back

    @cached_property
    def needs_stated_contact(self) -> bool:
        """Return whether a change of the profile concerns the silence only if it states or clears a last contact."""
        return PROFILE_REVIEW not in (*self.signals, self.after)

    @cached_property
    def _allowed(self) -> Mapping[Mode, Mapping[str, timedelta]]:
        return {mode: {tier: timedelta(days=each) for tier, each in days.items()} for mode, days in self.days.items()}

    @cached_property
    def _needs_history(self) -> bool:
        return self.after is not None or set(self.signals) != {CONTACT}

    @cached_property
    def _own(self) -> tuple[str, ...]:
        """Return the names of the signals that are kept by name."""
        return tuple(name for name in self.signals if name != CONTACT)

    def _since(self, facts: Facts) -> Occurrence | None:
        """Return when the silence began: at the oldest signal `after` which none of `signals` has followed."""
        ended, back = self._ended(facts), facts.won_back
        if self.after is None:
            return latest(ended or facts.registered, back)
        found = None
        for each in self._begun(facts):
            if (ended is None or ended.at < each.at) and (back is None or each.at >= back.at):
                found = each if found is None or each.at < found.at else found
        return found

    def _begun(self, facts: Facts) -> Iterable[Occurrence]:
        if self.after == NEED:
            return chain.from_iterable(facts.needs.values())
        if self.after == CONTACT:
            begun = facts.latest_contact
        elif self.after == REGISTRATION:
            begun = facts.registered
        elif self.after == KEY_DATE and facts.key_dates:
            return facts.key_dates
        else:
            begun = facts.signals.get(self.after or "")
        return (begun,) if begun else ()

    def _ended(self, facts: Facts) -> Occurrence | None:
        found = facts.latest_contact if len(self._own) < len(self.signals) else None
        signals = facts.signals
        for name in self._own:
            each = signals.get(name)
            if each is not None and (found is None or each.at > found.at):
                found = each
        return found
