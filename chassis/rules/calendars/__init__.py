"""Work calendars that the services share: the shipped one, and a version as a calendar that counts work time."""
