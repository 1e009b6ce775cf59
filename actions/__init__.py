"""What the bot does for each intent: rasa-sdk actions, one file a task, shells over the pure rooms below."""
