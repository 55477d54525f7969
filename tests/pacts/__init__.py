"""The kit's own consumer contracts, and what becomes of them."""
