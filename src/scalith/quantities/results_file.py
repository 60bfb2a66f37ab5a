"""Results on disk: NetCDF files, written whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import xarray as xr

from scalith.quantities.atomic_write import whole_file
from scalith.quantities.errors import InputError, ScalithError
from scalith.quantities.result import Result

_one_at_a_time = threading.Lock()
"""The HDF5 library must not be entered by two threads."""


def write_results(data: xr.Dataset, path: str | Path) -> None:
    """Write a dataset to a NetCDF file.

    Raises
    ------
    ScalithError
        The folder cannot be written or the disk is full; what was there is unchanged.
    """
    with whole_file(path) as temporary:
        try:
            with _one_at_a_time:
                data.to_netcdf(temporary, engine="netcdf4")
        except RuntimeError as error:  # the HDF5 library's way of reporting a full disk
            raise ScalithError(f"{path}: cannot be written: {error} (is the disk full?); nothing there was changed") from error


def read_results(path: str | Path) -> Result:
    """Read a NetCDF file into memory.

    Raises
    ------
    InputError
        The file is missing or not NetCDF.
    """
    if not Path(path).is_file():
        raise InputError(str(path), "", "no such file", "a NetCDF file")
    try:
        with _one_at_a_time:
            return Result.of(xr.load_dataset(path, engine="netcdf4", decode_times=False))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(str(path), "", str(error), "a readable NetCDF file") from error
