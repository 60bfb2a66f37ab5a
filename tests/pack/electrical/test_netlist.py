from __future__ import annotations

import numpy as np
import pytest

from scalith.cell.runs.circuit import Network
from scalith.pack import circuit_of_strings, read_netlist
from scalith.quantities import InputError

PAIR = """* two cells in parallel, as LTspice saves them
V0 N001 N002 4.2
Ri0 N003 N001 20m
Rc0 N003 N004 10m
V1 N005 N002 4.2
Ri1 N006 N005 20m
Rc1 N006 N007 10m
Rb0 N004 N007 0.1m
I0 N004 0 5
Rt0 N002 0 0
.end
"""


def currents(circuit, r, current):
    count = len(circuit.cells)
    return Network(circuit).solve(np.full(count, 3.7), np.broadcast_to(r, count).copy(), "current", current)


def test_strings_share_a_current_as_the_ladder_of_resistors_says():
    r, Rc, Rb = 0.02, 0.01, 1e-3
    flow = currents(circuit_of_strings(2, 3, connection_resistance=Rc, busbar_resistance=Rb), r, 6.0)
    # Mesh currents of three strings, with both busbars between neighbours.
    way = 2 * (r + Rc)
    matrix = np.array([[1, 1, 1], [way, -way - 2 * Rb, -2 * Rb], [0, way, -way - 2 * Rb]])
    np.testing.assert_allclose(flow.currents, np.repeat(np.linalg.solve(matrix, [6, 0, 0]), 2), rtol=1e-10)


def test_cross_ties_make_strings_share_after_each_cell():
    strings = circuit_of_strings(2, 2, connection_resistance=1e-3, busbar_resistance=1e-4)
    tied = circuit_of_strings(2, 2, connection_resistance=1e-3, busbar_resistance=1e-4, cross_tie_resistance=1e-6)
    r = np.array([0.02, 0.04, 0.04, 0.02])
    assert currents(strings, r, 4.0).currents == pytest.approx([2, 2, 2, 2], rel=0.01)
    apart = currents(tied, r, 4.0).currents
    assert apart[0] == pytest.approx(4.0 * 41 / 62, rel=0.01)
    assert apart.reshape(2, 2).sum(axis=0) == pytest.approx([4.0, 4.0])


def test_terminals_at_opposite_ends_share_better():
    settings = {"connection_resistance": 1e-2, "busbar_resistance": 1e-3}
    left, across = (circuit_of_strings(1, 8, terminals=at, **settings) for at in ("left", "left-right"))
    assert np.ptp(currents(across, 0.02, 8.0).currents) < 0.4 * np.ptp(currents(left, 0.02, 8.0).currents)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_netlist_is_the_circuit_that_it_draws(tmp_path, encoding):
    (tmp_path / "pair.cir").write_text(PAIR, encoding=encoding)
    circuit = read_netlist(tmp_path / "pair.cir")
    assert len(circuit.cells) == 2
    assert len(circuit.resistors) == 3
    flow, other = currents(circuit, 0.02, 5.0), currents(read_netlist(PAIR, values={"Rb": "2 mohm"}), 0.02, 5.0)
    assert flow.currents[0] / flow.currents[1] == pytest.approx(30.1 / 30.0)
    assert other.currents[0] / other.currents[1] == pytest.approx(32.0 / 30.0)
    turned = read_netlist(PAIR.replace("I0 N004 0", "I0 0 N004"))
    assert currents(turned, 0.02, 5.0).voltage == pytest.approx(flow.voltage)


def test_a_table_is_a_netlist_too(tmp_path):
    rows = ["desc,node1,node2,value,x", "V0,1,0,4.2,0", "R0,2,1,0.01,0", "I0,2,0,1,0"]
    (tmp_path / "pack.csv").write_text("\n".join(rows))
    assert currents(read_netlist(tmp_path / "pack.csv"), 0.02, 10.0).voltage == pytest.approx(3.7 - 0.3)


def test_bad_netlists_are_named(tmp_path):
    for text, match in (
        (PAIR.replace("V1 N005 N002 4.2", "C1 N005 N002 1u"), "C1"),
        (PAIR.replace("I0 N004 0 5\n", ""), "0 loads"),
        (PAIR.replace("Rb0 N004 N007 0.1m", "Rb0 N004 N007"), "line 8"),
        (PAIR.replace("0.1m", "much"), "Rb0"),
        (PAIR + "R9 N001 N002 0\n", "no wire bridges"),
    ):
        with pytest.raises(InputError, match=match):
            read_netlist(text)
    with pytest.raises(InputError, match=r"values\.Rx"):
        read_netlist(PAIR, values={"Rx": 1.0})
    with pytest.raises(InputError, match="a netlist or a CSV file"):
        read_netlist(tmp_path / "none.cir")
    with pytest.raises(InputError, match="busbar_resistance"):
        circuit_of_strings(2, 2, connection_resistance=1e-3, busbar_resistance=0.0)
