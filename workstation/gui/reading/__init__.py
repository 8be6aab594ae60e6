"""Score form, worklist, lock."""
