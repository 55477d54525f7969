"""Both doors, tested as users meet them."""
