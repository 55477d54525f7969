"""A right droplet that tests bend, and what the engine says of it."""
