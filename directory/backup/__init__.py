"""Backup and restore of the directory: one archive that goes back into SQLite or PostgreSQL (docs/backup.md)."""
