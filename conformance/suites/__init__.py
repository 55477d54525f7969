"""What is asked of a target: one folder a surface, one file a topic, found by name."""
