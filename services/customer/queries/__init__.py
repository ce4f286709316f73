"""What can be read in this service, one module for each theme."""

from services.customer.queries.customers import CustomerDetail, CustomerQueries, CustomerView, EmployeeView, NumberView

__all__ = ["CustomerDetail", "CustomerQueries", "CustomerView", "EmployeeView", "NumberView"]
