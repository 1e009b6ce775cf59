"""What SMS and WhatsApp share: both go through Twilio. Not a channel of its own."""
