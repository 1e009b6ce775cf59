"""Fuzzing of everything that reads what strangers send: `make fuzz MINUTES=60` (docs/fuzzing.md)."""
