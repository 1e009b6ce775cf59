"""Files that come in: tables read as text, their columns named, every cell checked, before anything reaches a record."""
