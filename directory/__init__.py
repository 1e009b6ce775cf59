"""The staff's directory: a Django project in which records are edited, checked and published for the bot."""
