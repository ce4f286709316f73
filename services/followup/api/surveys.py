"""HTTP in front of the surveys' rules: sent, answered by invitation, listed, and what the answers come to."""

import hashlib
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, shown_as
from chassis.http.paging import Page
from chassis.http.responses import Accepted, answer, etag
from contracts.followup import Channel, SurveyKind, SurveySent
from contracts.types import Code
from services.followup.api.access import Anyone, fold, new_id, stream_of
from services.followup.api.pages import page_of
from services.followup.commands.survey import AnswerAnonymously, AnswerAt, AnswerSurvey, SendAt, SendSurvey
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.survey import Survey, require_in_time
from services.followup.erasure.execution import require_kept
from services.followup.projection.surveys import ResultRow, SurveyRow, project
from services.followup.queries.followups import Filters, Place
from services.followup.surveys.invitations import CODE_PATTERN

router = APIRouter(prefix="/v1", tags=["surveys"], route_class=StrictRoute)

# Who sends surveys and takes answers in. Staff who stood between would know who said what.
Sender = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN, Role.INTEGRATION), ()))]
InvitationCode = Annotated[str, Path(pattern=CODE_PATTERN)]
# Fewer anonymous answers could be told apart by who was asked.
LEAST_ANSWERS = 5


class SurveyState(StrEnum):
    SENT = "sent"
    ANSWERED = "answered"


class SurveyView(BaseModel):
    """A survey, and what was answered; of an anonymous one never whether, nor what."""

    id: UUID
    version: int
    customer_id: UUID
    survey: str
    kind: SurveyKind
    lowest: int
    highest: int
    anonymous: bool
    channel: Channel | None
    key_contact_id: UUID | None
    step: str | None
    about_id: UUID | None
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    score: int | None
    comment: str | None


class InvitationView(BaseModel):
    """What leads to the answering of one survey. It is given to the sender only, and stands in no event."""

    code: str


class ResultView(BaseModel):
    """What the answers to one question come to: `csat` the share of the two best, `nps` promoters less detractors.

    Of anonymous answers nothing is told until there are a few.
    """

    survey: str
    kind: SurveyKind
    lowest: int
    highest: int
    anonymous: bool
    answers: int
    mean: float | None
    csat: float | None
    nps: float | None


class Results(BaseModel):
    items: list[ResultView]


@router.post("/customers/{customer_id}/surveys", status_code=201, response_model=Accepted)
async def send_survey(customer_id: UUID, command: SendSurvey, caller: Anyone, needs: Needs) -> Response:
    """Let the customer be asked: `survey-sent` is for whoever sends such things to act on."""
    customer = await needs.customers.require_kept(customer_id)
    caller.require(customer.holders)
    await require_kept(needs.queries.pool, command.key_contact_id)
    survey_id = new_id(caller, needs)
    at = SendAt(**dict(command), at=caller.context.now)
    handled = await needs.surveys.handle(survey_id, at, caller.context, subject=customer_id)
    return answer(handled, f"/v1/surveys/{survey_id}")


@router.get("/surveys/{survey_id}/invitation")
async def read_invitation(survey_id: UUID, caller: Sender, needs: Needs) -> InvitationView:
    """Read the code that the customer answers with."""
    del caller
    await stream_of(survey_id, SurveySent, needs)
    return InvitationView(code=needs.invitations.code_of(survey_id))


@router.post("/survey-invitations/{code}/answer", response_model=Accepted)
async def answer_survey(code: InvitationCode, command: AnswerSurvey, caller: Sender, needs: Needs) -> Response:
    """Record what was answered to an invitation. Each is answered once."""
    survey_id = needs.invitations.survey_of(code)
    survey = (await needs.surveys.load(survey_id)).state if survey_id else None
    if survey_id is None or survey is None:
        raise not_found()
    if survey.anonymous:
        return await answer_anonymously(code, survey, command, caller, needs)
    customer_id = (await stream_of(survey_id, SurveySent, needs))[0].subject
    await needs.customers.require_kept(customer_id)
    given = AnswerAt(**dict(command), at=command.occurred_at or caller.context.now)
    handled = await needs.surveys.handle(survey_id, given, caller.context, subject=customer_id)
    return answer(handled, f"/v1/surveys/{survey_id}")


async def answer_anonymously(
    code: str, survey: Survey, command: AnswerSurvey, caller: Caller, needs: Dependencies
) -> Response:
    """The caller's key names the invitation, and it is kept beside the answer: so it is kept as a digest."""
    require_in_time(survey, command.occurred_at or caller.context.now)
    answer_id = needs.invitations.answer_of(code)
    context = replace(caller.context, key=hashlib.sha256(caller.context.key.encode()).hexdigest())
    given = AnswerAnonymously(**dict(command), question=survey.question)
    handled = await needs.anonymous_answers.handle(answer_id, given, context)
    return answer(handled, "/v1/survey-results")


@router.get("/surveys")
async def read_surveys(
    caller: Anyone,
    needs: Needs,
    paging: Paging,
    customer_id: UUID | None = None,
    survey: Code | None = None,
    state: SurveyState | None = None,
) -> Page[SurveyView]:
    """List surveys, the latest first; a seller sees those of their own customers."""
    filters = Filters(customer_id, state=state, kind=survey, visible_to=caller.visible_to)
    page = await page_of(paging, needs.survey_list.surveys, filters, lambda row: Place(row.sent_at, row.survey_id))
    return shown_as(page, await survey_views(page.items, needs))


@router.get("/surveys/{survey_id}")
async def read_survey(survey_id: UUID, caller: Anyone, needs: Needs, response: Response) -> SurveyView:
    """Read a survey as it stands after every acknowledged command."""
    row = fold(project, await stream_of(survey_id, SurveySent, needs))
    caller.require(await needs.customers.holders(row.customer_id))
    response.headers["ETag"] = etag(row.version)
    (view,) = await survey_views([row], needs)
    return view


@router.get("/survey-results")
async def read_results(caller: Anyone, needs: Needs) -> Results:
    """Read what all answers come to, by question; anonymous ones apart."""
    del caller
    return Results(items=[result(row) for row in await needs.survey_list.results()])


async def survey_views(rows: list[SurveyRow], needs: Dependencies) -> list[SurveyView]:
    words = await needs.queries.words(row.comment_ref for row in rows)
    return [
        SurveyView.model_validate({**asdict(row), "id": row.survey_id, "comment": words.get(row.comment_ref)})
        for row in rows
    ]


def result(row: ResultRow) -> ResultView:
    told = not row.anonymous or row.answers >= LEAST_ANSWERS
    csat = row.satisfied / row.answers if told and row.kind == SurveyKind.CSAT else None
    nps = (row.promoters - row.detractors) * 100 / row.answers if told and row.kind == SurveyKind.NPS else None
    said = asdict(row) | {"mean": row.mean if told else None, "csat": csat, "nps": nps}
    return ResultView.model_validate(said)
