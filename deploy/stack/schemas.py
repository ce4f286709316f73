"""The database schema of each service."""

from chassis.migrate import Schema
from services.alerts.schema import SCHEMA as ALERTS
from services.customer.schema import SCHEMA as CUSTOMER
from services.followup.schema import SCHEMA as FOLLOWUP
from services.reporting.schema import SCHEMA as REPORTING

SCHEMAS: dict[str, Schema] = {
    "customer": CUSTOMER,
    "followup": FOLLOWUP,
    "alerts": ALERTS,
    "reporting": REPORTING,
}
