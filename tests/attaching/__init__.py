"""Watches a FakeDroplet that was started against running fakes, by a clock moved by hand."""

from attaching.stand import By, attached, watched

__all__ = ["By", "attached", "watched"]
