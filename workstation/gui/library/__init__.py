"""Library desk."""
