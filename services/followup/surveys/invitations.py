"""Codes of invitations: each leads to one survey, cannot be guessed, and leaves no trace in an anonymous answer."""

import hmac
from uuid import UUID

from chassis.store.pseudonym import Pseudonyms

ID_DIGITS = 32
CODE_PATTERN = r"^[0-9a-f]{64}$"


class Invitations:
    """Made with the deployment's own key, so that nothing has to be kept of them."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def code_of(self, survey_id: UUID) -> str:
        return survey_id.hex + self._pseudonyms.derived("survey-invitation", survey_id.hex).hex

    def survey_of(self, code: str) -> UUID | None:
        """Return the survey that a code leads to; None for one that was never given out."""
        survey_id = UUID(code[:ID_DIGITS])
        return survey_id if hmac.compare_digest(code, self.code_of(survey_id)) else None

    def answer_of(self, code: str) -> UUID:
        """Return the stream of the anonymous answer: only the key leads from one to the other."""
        return self._pseudonyms.derived("survey-answer", code)
