"""HTTP for surveys: sent, answered by invitation, listed, and their results."""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from chassis.commands.problem import not_found
from chassis.http.access import Allow, Caller, Creator
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.listing import Paging, with_items
from chassis.http.paging import Page
from chassis.http.responses import GONE, Accepted, answer, etag
from contracts.followup import SurveySent
from contracts.types import Code
from services.followup.api.access import Anyone, first_of, fold, new_id, read_envelopes
from services.followup.api.pages import page_of
from services.followup.commands.survey import AnswerAnonymously, AnswerAt, AnswerSurvey, SendAt, SendSurvey
from services.followup.dependencies import Dependencies, Needs
from services.followup.domain.survey import Survey, require_in_time
from services.followup.erasure.execution import require_kept
from services.followup.projection.surveys import project
from services.followup.queries.paging import SortKey
from services.followup.queries.surveys import ResultView, SurveyFilters, SurveyState, SurveyView
from services.followup.surveys.invitations import CODE_PATTERN

router = APIRouter(prefix="/v1", tags=["surveys"], route_class=StrictRoute)

# The systems that send surveys and receive answers. With this access, other staff could find out who answered what.
Sender = Annotated[Caller, Depends(Allow((Role.OPS, Role.ADMIN, Role.INTEGRATION), (), compares_versions=False))]
InvitationCode = Annotated[str, Path(pattern=CODE_PATTERN)]


class InvitationView(BaseModel):
    """The code for answering one survey. Only the sender may read it, and no event contains it."""

    code: str


class Results(BaseModel):
    items: list[ResultView]


@router.post("/customers/{customer_id}/surveys", status_code=201, response_model=Accepted)
async def send_survey(customer_id: UUID, command: SendSurvey, caller: Creator, needs: Needs) -> Response:
    """Send a survey: the system that sends messages acts on the event `survey-sent`."""
    customer = await needs.customers.require_kept(customer_id)
    caller.require(customer.holders)
    await require_kept(needs.pool, command.key_contact_id)
    await needs.customers.require_key_contact(customer_id, command.key_contact_id)
    survey_id = new_id(caller, needs)
    at = SendAt(**dict(command), at=caller.context.now)
    handled = await needs.surveys.handle(survey_id, at, caller.context, subject=customer_id)
    return answer(handled, f"/v1/surveys/{survey_id}")


@router.get("/surveys/{survey_id}/invitation")
async def read_invitation(survey_id: UUID, caller: Sender, needs: Needs) -> InvitationView:
    """Read the code that the customer answers with."""
    del caller
    await read_envelopes(survey_id, SurveySent, needs)
    return InvitationView(code=needs.invitations.code_of(survey_id))


@router.post("/survey-invitations/{code}/answer", response_model=Accepted, responses=GONE)
async def answer_survey(code: InvitationCode, command: AnswerSurvey, caller: Sender, needs: Needs) -> Response:
    """Record the answer to an invitation. Each invitation can be answered once."""
    survey_id = needs.invitations.survey_of(code)
    survey = (await needs.surveys.load(survey_id)).state if survey_id else None
    if survey_id is None or survey is None:
        raise not_found()
    sent = await first_of(survey_id, SurveySent, needs)
    if survey.anonymous:
        return await answer_anonymously(code, survey, command, sent.occurred_at, caller, needs)
    await needs.customers.require_kept(sent.subject)
    timed = AnswerAt(**dict(command), at=command.occurred_at or caller.context.now)
    handled = await needs.surveys.handle(
        survey_id, timed, caller.context, subject=sent.subject, not_before=sent.occurred_at
    )
    return answer(handled, f"/v1/surveys/{survey_id}")


async def answer_anonymously(
    code: str, survey: Survey, command: AnswerSurvey, sent_at: datetime, caller: Caller, needs: Dependencies
) -> Response:
    """Record the answer. Of the idempotency key, which may contain the code, only a digest is stored."""
    require_in_time(survey, command.occurred_at or caller.context.now)
    answer_id = needs.invitations.answer_of(code)
    context = caller.context._replace(key=hashlib.sha256(caller.context.key.encode()).hexdigest())
    timed = AnswerAnonymously(**dict(command), question=survey.question)
    handled = await needs.anonymous_answers.handle(answer_id, timed, context, not_before=sent_at)
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
    """List surveys, the latest first. Sales see those of their own customers."""
    filters = SurveyFilters(caller.visible_to, customer_id, survey, state)
    page = await page_of(paging, needs.survey_queries.page, filters, lambda row: SortKey(row.sent_at, row.survey_id))
    return with_items(page, await needs.survey_queries.views(page.items))


@router.get("/surveys/{survey_id}")
async def read_survey(survey_id: UUID, caller: Anyone, needs: Needs, response: Response) -> SurveyView:
    """Read a survey, with the effect of every acknowledged command."""
    row = await fold(project, await read_envelopes(survey_id, SurveySent, needs))
    caller.require(await needs.customers.holders(row.customer_id))
    response.headers["ETag"] = etag(row.version)
    (view,) = await needs.survey_queries.views([row])
    return view


@router.get("/survey-results")
async def read_results(caller: Anyone, needs: Needs) -> Results:
    """Read the results by question. Results of anonymous answers are separate."""
    del caller
    return Results(items=await needs.survey_queries.results())
