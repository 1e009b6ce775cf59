"""Accounts of staff and partners: invitations, logging in with a second factor, lockout, passwords, and the start page."""
