"""Bone regions and masks on screen."""
