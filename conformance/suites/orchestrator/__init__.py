"""What only an Orchestrator owes: it takes beats and tasks."""
