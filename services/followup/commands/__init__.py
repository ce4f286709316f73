"""Commands of the followup service. An omitted employee means the caller."""

from services.followup.commands.calendar import WorkTimes
from services.followup.commands.complaint import (
    Answer,
    AssignComplaint,
    Close,
    Communicate,
    ComplaintCommand,
    Confirm,
    Consent,
    EscalateLate,
    LinkComplaint,
    PassComplaintOn,
    Pause,
    Raise,
    Reclassify,
    Reopen,
    Repromise,
    Resume,
)
from services.followup.commands.contact import LogContact
from services.followup.commands.contact_form import ContactForm
from services.followup.commands.plan_template import PlanTemplate
from services.followup.commands.task import Cancel, Complete, Reassign, Reschedule, Schedule, TaskCommand

__all__ = [
    "Answer",
    "AssignComplaint",
    "Cancel",
    "Close",
    "Communicate",
    "ComplaintCommand",
    "Complete",
    "Confirm",
    "Consent",
    "ContactForm",
    "EscalateLate",
    "LinkComplaint",
    "LogContact",
    "PassComplaintOn",
    "Pause",
    "PlanTemplate",
    "Raise",
    "Reassign",
    "Reclassify",
    "Reopen",
    "Repromise",
    "Reschedule",
    "Resume",
    "Schedule",
    "TaskCommand",
    "WorkTimes",
]
