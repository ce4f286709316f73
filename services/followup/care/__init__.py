"""Care tasks that alerts ask for."""
