"""Steps of the library's schema."""
