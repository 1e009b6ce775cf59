"""The ways to a person's phone: one folder a channel, each with `parse.py` (what came in) and `client.py` (what goes out)."""
