"""The directory for machines of others: HSDS 3 (Open Referral), read-only, only what is published; see docs/hsds.md."""
