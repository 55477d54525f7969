"""The specs room."""
