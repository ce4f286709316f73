"""What can be asked about contacts, tasks and complaints. Where nobody is named, the caller is meant."""

from services.followup.commands.calendar import PublishCalendar, WorkTimes
from services.followup.commands.complaint import Answer, Close, ComplaintCommand, Confirm, Raise
from services.followup.commands.contact import LogContact
from services.followup.commands.contact_form import ContactForm, PublishContactForm
from services.followup.commands.task import Cancel, Complete, Reschedule, Schedule, TaskCommand

__all__ = [
    "Answer",
    "Cancel",
    "Close",
    "ComplaintCommand",
    "Complete",
    "Confirm",
    "ContactForm",
    "LogContact",
    "PublishCalendar",
    "PublishContactForm",
    "Raise",
    "Reschedule",
    "Schedule",
    "TaskCommand",
    "WorkTimes",
]
