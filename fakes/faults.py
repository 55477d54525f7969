"""Faults of the fakes, as data."""


class Fault:
    """To be."""
