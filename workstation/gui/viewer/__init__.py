"""Viewports, overlay, links."""
