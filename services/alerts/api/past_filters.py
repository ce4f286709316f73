"""Filters that have no meaning as of a past instant."""

from chassis.commands.problem import ProblemError
from chassis.http.as_of import AsOf
from contracts.alerts import Status
from services.alerts.queries.alerts import AlertFilters


def check_filters(filters: AlertFilters, as_of: AsOf) -> None:
    """Raise the 422 problem for a filter that a list of the past cannot apply."""
    given = {
        "status": filters.status == Status.RESOLVED,
        "open": filters.is_open is not None,
        "snoozed": filters.is_snoozed is not None,
    }
    refused = [name for name, is_given in given.items() if is_given]
    if as_of.is_past and refused:
        en = "With as_of or as_recorded, the list has the alerts that were open then. Leave this filter out."
        zh = "指定 as_of 或 as_recorded 时，列表为当时未解除的预警，请去掉该筛选条件。"
        errors = [{"pointer": f"query:{name}", "rule": "not-with-as-of", "detail": en} for name in refused]
        raise ProblemError("validation-failed", en, zh, errors=errors)
