"""Files of instruments: time series and spectra, found by what is in them, in SI, discharge current positive."""

from scalith.lab.readers.measurement_file import read_measurement, read_measurements

__all__ = ["read_measurement", "read_measurements"]
