"""The reporting service: the 360° view of a customer, the reports and the BI views, from all services' events."""
