"""Experiments: simulated on a model and read back from simulated or measured data; predictions beside measurements."""

from scalith.lab.agreement_table import agreement

__all__ = ["agreement"]
