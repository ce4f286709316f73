"""The complaint process: who receives a complaint, its targets, escalation and consent."""
