"""Maps that work without tiles: pins are placed on them, and staff see where there is help and how fresh it is."""
