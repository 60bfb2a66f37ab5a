from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

import scalith
from scalith.quantities import Result, labelled

SOURCE = Path(scalith.__file__).parent
STATES = {"lattice/hopping/walks.py"}
"""Data sets that are no results: the state of random walks between two pieces."""
CONVERTED = (
    "interface",
    "electrode",
    "crystal",
    "atoms",
    "particle",
    "lattice",
    "pack/heat",
    "pack/abuse",
    "pack/electrical",
    "cell",
)


def test_a_variable_has_its_title_and_unit():
    one = labelled(("x", "y"), [[1.0, 2.0]], "potential", "V", component="liquid")
    assert one.dims == ("x", "y")
    assert one.attrs == {"long_name": "potential", "units": "V", "component": "liquid"}
    data = Result({"phi": one, "n": labelled((), 3, "number", "1")}, {"x": labelled("x", [5.0], "depth", "m")})
    assert data.phi.attrs["units"] == "V"
    assert data.x.attrs["long_name"] == "depth"
    assert int(data.n) == 3
    np.testing.assert_array_equal(data.phi.sel(x=5.0), [1.0, 2.0])


def test_what_the_scales_hand_back_draws_itself_and_is_labelled_in_the_one_way():
    for package in CONVERTED:
        for path in (SOURCE / package).rglob("*.py"):
            where = path.relative_to(SOURCE).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "xr.Dataset":
                    assert where in STATES, f"{where}:{node.lineno}: a Result"
                if isinstance(node, ast.Dict) and package != "cell":
                    keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
                    assert not {"units", "long_name"} <= keys, f"{where}:{node.lineno}: labelled(…)"
