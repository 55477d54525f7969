"""The one name that the application and the server under it share."""

__all__ = ["TRANSPORT"]

TRANSPORT = "udckit.transport"
"""The scope member that holds the connection, for faults below HTTP."""
