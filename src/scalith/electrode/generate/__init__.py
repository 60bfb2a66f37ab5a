"""Microstructures that are made: packed spheres, random fields, binder, reference bodies."""
