"""Structures in files: hosts, outputs of codes, entries of databases, and how each run was computed."""
