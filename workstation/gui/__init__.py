"""The surface: the only room that knows Qt."""
