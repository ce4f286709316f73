"""How many items a customer can have in this service."""

from chassis.commands.item_limit import ItemKind
from contracts.followup import ComplaintRaised, ComplaintReopened, ContactLogged, SurveySent, TaskScheduled
from services.followup.commands.task import ScheduleForPlan

MAX_OPEN_TASKS = 10_000
MAX_OPEN_COMPLAINTS = 10_000
MAX_OPEN_SURVEYS = 10_000
MAX_CONTACTS = 100_000


# The tasks of plans are limited by the number of running plans: MAX_RUNNING_PLANS in `plans.policy`.
OPEN_TASKS = ItemKind(
    MAX_OPEN_TASKS,
    "task",
    (TaskScheduled,),
    "open tasks",
    "项待办跟进任务",
    condition="state = 'open'",
    remedy_en=" Complete or cancel some of them.",
    remedy_zh="请先完成或取消一部分。",
    exempt=(ScheduleForPlan,),
)
OPEN_COMPLAINTS = ItemKind(
    MAX_OPEN_COMPLAINTS,
    "complaint",
    (ComplaintRaised,),
    "complaints that are not closed",
    "件未结投诉",
    reopened_by=(ComplaintReopened,),
    condition="state <> 'closed'",
    remedy_en=" Close some of them.",
    remedy_zh="请先结案一部分。",
)
OPEN_SURVEYS = ItemKind(
    MAX_OPEN_SURVEYS,
    "survey",
    (SurveySent,),
    "surveys that wait for an answer",
    "份待答问卷",
    condition="answered_at IS NULL AND expires_at > now()",
    remedy_en=" Wait until some of them have been answered or have expired.",
    remedy_zh="请等待部分问卷作答或过期。",
)
CONTACTS = ItemKind(MAX_CONTACTS, "contact", (ContactLogged,), "contacts", "条沟通记录")
