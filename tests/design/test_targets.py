"""What a structure is asked for."""

import numpy as np
import pytest

from scalith.design import StructureTargets
from scalith.design.targets import requests, require_met
from scalith.quantities import ConvergenceError, InputError


def test_a_number_is_asked_for_once_however_its_phases_are_ordered():
    one, other = (StructureTargets(interface_area=1e6, between=pair) for pair in (("pore", "active"), ("active", "pore")))
    with pytest.raises(InputError, match=r"interface_area active and pore.*asked for twice"):
        requests([one, other])
    lines = [("pore", "active", "carbon"), ("carbon", "active", "pore")]
    with pytest.raises(InputError, match="asked for twice"):
        requests([StructureTargets(triple_phase_length=1e12, line=line) for line in lines])
    third = StructureTargets(interface_area=1e6, between=("carbon", "pore"))
    assert [one.name for one in requests([one, third])] == ["interface_area active and pore", "interface_area carbon and pore"]


def test_nothing_asked_for_is_said():
    with pytest.raises(InputError, match=r"an empty list.*at least one"):
        requests([])
    with pytest.raises(InputError, match="at least one"):
        StructureTargets()


def test_what_is_out_of_reach_is_said_with_its_distance():
    asked = StructureTargets(interface_area=2e6, effective_ionic_conductivity=0.5, ionic={"pore": 1.0})
    require_met("order", "recipe", asked, np.array([0.51, 2e6]), 0.0201)
    with pytest.raises(ConvergenceError, match=r"this recipe.*conductivity 0\.51 S m-1 \(\+2 %\), interface_area 2e\+06"):
        require_met("order", "recipe", asked, np.array([0.51, 2e6]), 0.0199)
