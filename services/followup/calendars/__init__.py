"""Work calendars: the shipped one, and the conversion of a version for work-time calculations."""
