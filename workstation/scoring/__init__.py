"""What a reader says: instruments and score sheets."""
