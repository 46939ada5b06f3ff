"""The demo organisation: 20,000 made-up people, so that every page has something to show."""
