"""Analytic hip and knee with known truth."""
