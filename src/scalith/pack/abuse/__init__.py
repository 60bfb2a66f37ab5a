"""Abuse tests of one cell."""
