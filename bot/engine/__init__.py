"""The one room that knows Rasa's runtime: loads the trained agent and takes a turn of a conversation."""
