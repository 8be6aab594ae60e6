"""Marrow Reading Workstation: hip and knee marrow MRI, read blind by two, reconciled, reported."""

__version__ = "0.1.0"

INTENDED_USE = "For research and teaching. Not for primary diagnosis."
