"""Waypost's bot: takes a person's message in, understands it, answers with facts from the directory."""
