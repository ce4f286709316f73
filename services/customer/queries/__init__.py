"""What can be read in this service, one module for each theme."""

from services.customer.queries.customers import CustomerQueries, CustomerView, EmployeeView, Filters

__all__ = ["CustomerQueries", "CustomerView", "EmployeeView", "Filters"]
