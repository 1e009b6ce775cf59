"""Loading the invented directory of a first run, and the table of emergency numbers."""
