"""The shipped plan templates. Each is in force only after it has been published, unchanged or changed."""

from contracts.customer import Mode
from contracts.followup import PlanStep, PlanTemplatePublished, PlanTrigger
from contracts.followup.plan import OffsetUnit

NOT_IN_FORCE = 0
FIRST_NUMBER = 1


def stage(name: str) -> PlanTrigger:
    return PlanTrigger(event="care.customer.stage-changed.v1", field="stage", value=name)


def days(purpose: str, *offsets: int) -> tuple[PlanStep, ...]:
    return tuple(
        PlanStep(name=f"day-{offset}" if offset > 0 else f"before-{-offset}", offset=offset, purpose=purpose)
        for offset in offsets
    )


def every(months: int, tier: str) -> PlanStep:
    return PlanStep(
        name=f"every-{months}-months",
        offset=months,
        unit=OffsetUnit.MONTHS,
        repeats=True,
        tiers=(tier,),
        purpose="care",
    )


def template(name: str, *starts_on: PlanTrigger, steps: tuple[PlanStep, ...], **other: object) -> PlanTemplatePublished:
    values = {"name": name, "number": FIRST_NUMBER, "starts_on": starts_on, "steps": steps, **other}
    return PlanTemplatePublished.model_validate(values)


TEMPLATES = (
    template("after-delivery", PlanTrigger(event="care.customer.order-delivered.v1"), steps=days("callback", 3, 7, 30)),
    template(
        "will-think-again",
        PlanTrigger(event="care.followup.contact-logged.v1", field="outcome", value="will-think-again"),
        steps=days("close-push", 2),
        mode=Mode.FOLLOW_UP,
    ),
    template(
        "before-the-deal",
        stage("interested"),
        steps=days("close-push", 1, 3, 7, 14),
        mode=Mode.FOLLOW_UP,
        once=True,
    ),
    template(
        "after-the-deal",
        stage("signed"),
        stage("established"),
        steps=(every(1, "vip"), every(3, "growth"), every(6, "ordinary")),
        mode=Mode.MAINTENANCE,
        once=True,
    ),
    template(
        "contract-end",
        PlanTrigger(event="care.customer.contract-signed.v1"),
        PlanTrigger(event="care.customer.contract-renewed.v1"),
        steps=days("renewal", -60, -30, -7),
        anchor="ends_on",
        ends_on=(PlanTrigger(event="care.customer.contract-ended.v1"),),
    ),
    template(
        "important-dates",
        PlanTrigger(event="care.customer.important-date-approaching.v1"),
        steps=(PlanStep(name="on-the-day", offset=0, purpose="greeting"),),
        mode=Mode.MAINTENANCE,
        anchor="on",
    ),
    template("win-back", stage("lost"), steps=days("care", 30, 60, 90), ends_on=(stage("interested"),), once=True),
)
SHIPPED = {each.name: each.model_copy(update={"number": NOT_IN_FORCE}) for each in TEMPLATES}
