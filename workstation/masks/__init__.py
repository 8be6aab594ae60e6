"""Tissue marked on a volume."""
