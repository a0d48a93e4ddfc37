"""Separate the stains of histology."""
