"""The fakes room."""
