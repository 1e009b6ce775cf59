"""Keeping the directory true: what is due for a check, reminders with one-time links, and whether links still open."""
