"""Numbered cases: exact solutions, published tables, measured data. ``python -m validation [IDs] [--json FILE]``."""
