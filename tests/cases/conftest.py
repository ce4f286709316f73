"""The running services that the cases are tried on."""

from tests.integration.customer.conftest import _plain_logs, api
from tests.integration.customer.test_inbound import erp
from tests.integration.followup.conftest import followup_pool, world

__all__ = ["_plain_logs", "api", "erp", "followup_pool", "world"]
