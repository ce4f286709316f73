"""The REST API: one route per command. The rules are in `domain`."""

from services.followup.api import (
    absences,
    calendars,
    complaint_policy,
    complaints,
    contact_forms,
    contacts,
    customers,
    export,
    guards,
    my_day,
    plan_templates,
    plans,
    survey_policy,
    surveys,
    tasks,
)

ROUTERS = (
    contacts.router,
    contact_forms.router,
    tasks.router,
    plans.router,
    plan_templates.router,
    complaints.router,
    complaint_policy.router,
    customers.router,
    export.router,
    calendars.router,
    my_day.router,
    guards.router,
    absences.router,
    surveys.router,
    survey_policy.router,
)
