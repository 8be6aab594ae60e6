"""What leaves the workstation."""
