"""What the others' facts add up to: the whole customer, the figures, and the views for BI."""
