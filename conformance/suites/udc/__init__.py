"""Rows that bind every role: a Registry and an Orchestrator are droplets too."""
