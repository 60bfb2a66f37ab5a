"""Free energy, voltage and phases from sampled states."""
