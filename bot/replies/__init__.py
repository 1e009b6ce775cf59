"""What the bot says: catalogues, formats, cards, SMS, rendering, and the guard on outgoing text."""
