"""Invitation codes: each identifies one survey, cannot be guessed, and is not stored with an anonymous answer."""

import hmac
from uuid import UUID

from chassis.store.pseudonym import Pseudonyms

ID_DIGITS = 32
CODE_PATTERN = r"^[0-9a-f]{64}$"


class Invitations:
    """Derives and verifies codes with the deployment's key, so that no code has to be stored."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def code_of(self, survey_id: UUID) -> str:
        return survey_id.hex + self._pseudonyms.derived("survey-invitation", survey_id.hex).hex

    def survey_of(self, code: str) -> UUID | None:
        """Return the survey of a code; None for an invalid code."""
        survey_id = UUID(code[:ID_DIGITS])
        return survey_id if hmac.compare_digest(code, self.code_of(survey_id)) else None

    def answer_of(self, code: str) -> UUID:
        """Return the stream of the anonymous answer, which can be derived from the code only with the key."""
        return self._pseudonyms.derived("survey-answer", code)
