"""Notifications on their way to people: in the page, to browsers, by mail."""
