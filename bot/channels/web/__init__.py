"""The web chat: a page on `/` that works on a cheap phone, and the two requests behind it."""
