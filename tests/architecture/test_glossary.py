"""The glossary has every word of the contracts that a user reads or sends, and the Chinese words of the services."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from contracts.alerts import AlertSeverity, Status
from contracts.customer import ContractKind, Kind, Mode, NeedStatus, RenewalIntent, Stage, TierDecision, WorkStatus
from contracts.followup import Channel, Direction, Guard, Intake, Purpose, Sentiment, Severity, SurveyKind
from services.alerts.engine.words import MODES_ZH, TIERS_ZH
from services.customer.domain.stages import LOSS_REASONS, STAGES_ZH
from services.customer.imports.commerce_columns import INTENTS, KINDS
from services.customer.imports.customer_columns import STATUSES
from services.followup.domain.task import STATES_ZH

GLOSSARY = Path(__file__).parents[2].joinpath("docs/glossary.md").read_text(encoding="utf-8")
WORDS: tuple[type[StrEnum], ...] = (
    *(Stage, Mode, Kind, WorkStatus, NeedStatus, TierDecision, ContractKind, RenewalIntent),
    *(Channel, Direction, Purpose, Sentiment, Guard, Severity, Intake, SurveyKind, Status, AlertSeverity),
)
CHINESE = [
    *(*STAGES_ZH.values(), *MODES_ZH.values(), *TIERS_ZH.values(), *STATES_ZH.values()),
    *(reason.zh for reason in LOSS_REASONS),
    *(word for words in (STATUSES, KINDS, INTENTS) for word in words if not word.isascii()),
]


@pytest.mark.parametrize("words", WORDS)
def test_every_value_of_a_field_is_in_the_glossary(words: type[StrEnum]) -> None:
    assert [word for word in words if not is_in(GLOSSARY, word)] == []


@pytest.mark.parametrize("word", CHINESE)
def test_the_chinese_words_of_the_services_are_in_the_glossary(word: str) -> None:
    assert word in GLOSSARY


def test_a_word_is_not_found_in_a_longer_one() -> None:
    assert not is_in("`web-form`, `renew`", "web")
    assert not is_in("`web-form`, `renew`", "new")


def is_in(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
