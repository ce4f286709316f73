"""The alerts service: detects inactive customers, missed follow-ups and unanswered complaints."""
