"""Servers that answer as no server should: bytes as they are scripted, connection by connection."""

from hostile.server import HostileServer, Line, answer

__all__ = ["HostileServer", "Line", "answer"]
