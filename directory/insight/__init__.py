"""What comes back from people: reports beside the entries, what nobody could answer, and the pictures of how the service is used."""
