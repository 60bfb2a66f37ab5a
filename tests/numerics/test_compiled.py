from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy import constants as codata

import scalith
from scalith.numerics.compiled import compiled, compiled_inline, compiled_parallel
from scalith.quantities import constants


def total(values):
    result = 0.0
    for k in range(values.size):
        result += values[k]
    return result


@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaPerformanceWarning")  # nothing here to do in parallel
@pytest.mark.parametrize("decorate", [compiled, compiled_inline, compiled_parallel])
def test_a_compiled_kernel_gives_what_the_plain_function_gives(decorate):
    import numba

    before = numba.config.CACHE_DIR
    with np.errstate(all="ignore"):
        kernel = decorate(total)
    assert before == numba.config.CACHE_DIR
    assert kernel.py_func is total
    assert kernel(np.arange(5.0)) == 10.0


def test_division_by_zero_gives_infinity_as_in_numpy():
    @compiled
    def ratio(a, b):
        return a / b

    assert ratio(1.0, 0.0) == np.inf


@pytest.mark.long
def test_machine_code_is_kept_in_the_cache_folder_and_used_again(tmp_path):
    program = textwrap.dedent("""
        import numpy as np
        from scalith.numerics.kernel_table import evaluate_many, table_from_nodes
        table = table_from_nodes(0.0, 1.0, 300.0, 300.0, np.zeros((4, 1, 3)))
        evaluate_many(table, np.linspace(0, 1, 5), 300.0)
        print(sum(evaluate_many.stats.cache_hits.values()), sum(evaluate_many.stats.cache_misses.values()))
        """)
    environment = os.environ | {"SCALITH_CACHE": str(tmp_path / "cache")}
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert runs == [["0", "1"], ["1", "0"]]
    assert list((tmp_path / "cache" / "scalith" / "kernels").rglob("*evaluate_many*.nbi"))


def test_no_kernel_has_a_comprehension():
    """Beside one, Numba 0.68 drops what is written into the arrays of a named tuple."""
    package = Path(scalith.__file__).parent
    comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for path in package.rglob("*.py"):
        if "kernel" not in path.relative_to(package).as_posix():
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any("compiled" in ast.unparse(d) for d in function.decorator_list):
                assert not any(isinstance(node, comprehensions) for node in ast.walk(function)), f"{path.name}: {function.name}"


def test_constants():
    assert pytest.approx(96485.33212331, rel=1e-12) == constants.FARADAY
    assert pytest.approx(codata.physical_constants["Faraday constant"][0], rel=1e-9) == constants.FARADAY
    assert pytest.approx(constants.GAS_CONSTANT, rel=1e-9) == constants.AVOGADRO * constants.BOLTZMANN
    assert pytest.approx(8.617333262e-5, rel=1e-9) == constants.BOLTZMANN_EV
    assert constants.ZERO_CELSIUS == 273.15


def test_importing_the_package_loads_no_heavy_library():
    program = (
        "import sys, scalith; print([m for m in ('numpy', 'numba', 'scipy', 'xarray', 'pint', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    program = "import sys, scalith.quantities; print([m for m in ('numba', 'pint', 'matplotlib', 'ase') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_packages_load_when_used_and_others_are_said():
    import scalith

    assert scalith.quantities.Property is not None
    assert "cell" in dir(scalith)
    with pytest.raises(AttributeError, match=r"scalith has no 'sell': did you mean scalith\.cell"):
        _ = scalith.sell
