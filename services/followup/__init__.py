"""The followup service: contacts, follow-up tasks, plans, complaints, surveys and absences."""
