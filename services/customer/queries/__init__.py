"""The queries of this service, one module for each subject."""

from services.customer.queries.customers import CustomerDetail, CustomerQueries, CustomerView, NumberView

__all__ = ["CustomerDetail", "CustomerQueries", "CustomerView", "NumberView"]
