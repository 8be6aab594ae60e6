"""One file per segmentation recipe."""
