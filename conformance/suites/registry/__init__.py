"""What only a Registry owes: registration, tokens, its key, its directory."""
