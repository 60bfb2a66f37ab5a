"""Modules and the propagation of a runaway."""
