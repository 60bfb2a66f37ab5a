"""Each scale against its peers, side by side in one run: ``python -m benchmarks [NAMES] [--json FILE]``."""
