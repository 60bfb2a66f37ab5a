from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import xarray as xr

from scalith.quantities import InputError, Property, Source, dataset_digest, read_results, write_results


def results():
    return xr.Dataset(
        {
            "voltage": ("time", np.random.default_rng(0).normal(size=50), {"units": "V", "long_name": "voltage"}),
            "count": ("time", np.arange(50), {"units": "1", "long_name": "count"}),
        },
        {"time": ("time", np.linspace(0, 1, 50), {"units": "s", "long_name": "time"})},
        {"source": Source(kind="assumed").to_json(), "headline": "fifty points"},
    )


def test_written_and_read_bit_for_bit(tmp_path):
    write_results(results(), tmp_path / "folder" / "r.nc")
    again = read_results(tmp_path / "folder" / "r.nc")
    assert dataset_digest(again) == dataset_digest(results())
    assert again["time"].attrs["units"] == "s"  # seconds stay numbers
    assert again["time"].dtype == np.float64


def test_a_file_that_is_open_elsewhere_can_be_replaced(tmp_path):
    write_results(results(), tmp_path / "r.nc")
    first = read_results(tmp_path / "r.nc")
    write_results(first.assign(voltage=first.voltage + 1), tmp_path / "r.nc")
    np.testing.assert_array_equal(read_results(tmp_path / "r.nc").voltage, first.voltage + 1)


def test_missing_and_foreign_files_are_said(tmp_path):
    with pytest.raises(InputError, match=r"none\.nc: found no such file, expected a NetCDF file"):
        read_results(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no NetCDF")
    with pytest.raises(InputError, match=r"text\.nc: found .*expected a readable NetCDF file"):
        read_results(tmp_path / "text.nc")


@pytest.mark.long
def test_a_full_disk_is_said_and_leaves_the_old_results(tmp_path):
    small = Property.constant("density", 1.0, "kg m-3", Source(kind="assumed"))
    small.save(tmp_path / "r.nc")
    program = """
        import resource, signal
        import numpy as np, xarray as xr
        from scalith.quantities import ScalithError, write_results
        large = xr.Dataset({"a": ("t", np.random.default_rng(0).normal(size=100_000))})
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            write_results(large, "r.nc")
        except ScalithError as error:
            print(error)
        """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path, capture_output=True, text=True)
    assert "r.nc: cannot be written" in said.stdout, said.stderr
    assert "nothing there was changed" in said.stdout
    assert "Traceback" not in said.stderr
    assert Property.load(tmp_path / "r.nc") == small
    assert [path.name for path in tmp_path.iterdir()] == ["r.nc"]


def test_threads_may_write_and_read_at_once(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    def there_and_back(index: int) -> bool:
        data = xr.Dataset({"a": ("x", np.full(200, float(index)))})
        write_results(data, tmp_path / f"{index}.nc")
        return bool((read_results(tmp_path / f"{index}.nc")["a"] == index).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(64)))
