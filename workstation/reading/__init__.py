"""The conduct of a reading study."""
