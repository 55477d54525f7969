"""The pytest door: one item per requirement."""
