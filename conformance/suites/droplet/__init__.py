"""Rows that bind a droplet alone: what it sends to its Registry and its Orchestrator."""
