"""Sizes of files as a person reads them."""

from __future__ import annotations


def megabytes(size: int) -> str:
    """``"12.3 MB"``; exact for what is smaller than a kilobyte."""
    if size < 1000:
        return f"{size} bytes"
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB" if size < 1_000_000_000 else f"{size / 1_000_000_000:.2f} GB"
