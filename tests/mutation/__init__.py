"""The kit against itself: its own code is changed, and its own tests must see it."""
