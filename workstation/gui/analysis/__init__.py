"""Results desk."""
