"""What was done for a customer, and what is owed: contacts, follow-up tasks, complaints."""
