"""Changes of published records: proposed by one person, decided by another; the old text stays live until then."""
