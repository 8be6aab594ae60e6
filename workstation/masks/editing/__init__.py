"""Masks drawn and corrected by hand: each edit is a pure function that tells which voxels change."""
