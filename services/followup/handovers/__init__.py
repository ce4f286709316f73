"""What a handover of a customer means for open follow-ups and complaints."""
