"""A droplet that keeps the Universal Droplet Contract, to run and to copy from."""

__version__ = "1.0.0"
