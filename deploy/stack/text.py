"""A text for people, in English and in Chinese."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    en: str
    zh: str

    def to(self, language: str) -> str:
        return self.zh if language == Language.ZH else self.en
