"""Conduction of heat, cooling and lumped bodies."""
