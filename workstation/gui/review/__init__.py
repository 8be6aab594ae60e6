"""Reconcile desk."""
