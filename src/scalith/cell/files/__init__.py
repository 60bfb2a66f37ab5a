"""Cells and cycles in files: BPX and the battery data format."""
