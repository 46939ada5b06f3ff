"""Personal data: every app says what it stores about a person, how to show it and how to erase it (A-03, E-01)."""
