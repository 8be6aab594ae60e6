"""Numbers about agreement."""
