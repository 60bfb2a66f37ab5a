"""Kinetic Monte Carlo of libcasm-clexmonte on fcc: equal hops between nearest neighbours that interact."""

from __future__ import annotations

import ctypes
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

EVENTS = 20_000


def events_per_second(cells: int, edge: float, interaction: float, barrier: float, thermal: float) -> float:
    """Events per second of processor time at half filling.

    Parameters
    ----------
    cells : int
        Primitive cells along each vector.
    edge : float
        Of the cube, Å.
    interaction, barrier, thermal : float
        Energy of a filled pair, kinetically resolved activation energy, kT; eV.
    """
    import casm.bset
    import libcasm
    import libcasm.clexmonte as clexmonte
    from libcasm.configuration import Prim
    from libcasm.occ_events import OccEvent, OccSystem

    # The basis functions are written as C++, compiled, and loaded against the libraries that the wheels bring.
    prefix = Path(libcasm.__path__[0])
    os.environ.setdefault("CASM_PREFIX", str(prefix))
    for library in sorted(prefix.glob("lib/libcasm_*.so")):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    half = edge / 2
    description = {
        "basis": [{"coordinate": [0.0, 0.0, 0.0], "occupants": ["Va", "A"]}],
        "coordinate_mode": "Fractional",
        "lattice_vectors": [[0, half, half], [half, 0, half], [half, half, 0]],
        "title": "fcc",
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prim = Prim.from_dict(description)
        occupants = OccSystem(prim.xtal_prim)
        ways = [
            [{"chemical_name": name, "coordinate": [0, 0, 0, at], "occupant_index": index} for at in order]
            for name, index, order in (("A", 1, (0, 1)), ("Va", 0, (1, 0)))
        ]
        hop = OccEvent.from_dict({"trajectories": ways}, occupants)
        nearest = 1.01 * edge / np.sqrt(2.0)
        kind = {"occ_site_basis_functions_specs": "occupation"}
        pairs = casm.bset.make_clex_basis_specs(prim=prim, max_length=[0, 0, nearest], **kind)
        source, _, neighbours = casm.bset.write_clexulator(
            prim=prim, clex_basis_specs=pairs, bset_dir=folder / "pairs", bset_name="pairs", verbose=False
        )
        alone = casm.bset.make_clex_basis_specs(prim=prim, phenomenal=hop, max_length=[0.0], cutoff_radius=[0.0], **kind)
        local_source, _, _ = casm.bset.write_clexulator(
            prim=prim,
            clex_basis_specs=alone,
            bset_dir=folder / "hop",
            bset_name="hop",
            prim_neighbor_list=neighbours,
            verbose=False,
        )

        def coefficients(name: str, basis: str, index: int, value: float) -> str:
            data = json.loads((folder / basis / "basis.json").read_text(encoding="utf-8"))
            for orbit in data["orbits"]:
                for function in orbit["cluster_functions"]:
                    if function["linear_function_index"] == index:
                        function["eci"] = value
            return _written(folder / f"{name}.json", data)

        system = clexmonte.System.from_dict(
            {
                "prim": description,
                "composition_axes": {
                    "components": ["Va", "A"],
                    "independent_compositions": 1,
                    "origin": [1.0, 0.0],
                    "a": [0.0, 1.0],
                },
                "basis_sets": {"pairs": {"source": str(source), "basis": str(folder / "pairs" / "basis.json")}},
                "local_basis_sets": {
                    "hop": {
                        "source": str(local_source),
                        "basis": str(folder / "hop" / "basis.json"),
                        "equivalents_info": str(folder / "hop" / "equivalents_info.json"),
                    }
                },
                "clex": {
                    "formation_energy": {"basis_set": "pairs", "coefficients": coefficients("energy", "pairs", 2, interaction)}
                },
                "event_system": _written(folder / "event_system.json", occupants.to_dict()),
                "kmc_events": {
                    "hop": {
                        "event": _written(folder / "event.json", hop.to_dict(occupants)),
                        "local_basis_set": "hop",
                        "coefficients": {
                            "kra": coefficients("kra", "hop", 0, barrier),
                            "freq": coefficients("freq", "hop", 0, 1e13),
                        },
                    }
                },
            },
            search_path=[str(folder)],
        )
        calculator = clexmonte.MonteCalculator(method="kinetic", system=system, params={"verbosity": "quiet"})
        configuration = system.make_default_configuration(transformation_matrix_to_super=cells * np.eye(3, dtype=int))
        sites = cells**3
        occupation = np.zeros(sites, dtype=int)
        occupation[np.random.default_rng(0).permutation(sites)[: sites // 2]] = 1
        configuration.set_occupation(occupation)
        state = clexmonte.MonteCarloState(
            configuration=configuration,
            conditions={"temperature": thermal / 8.617333262e-5, "param_composition": [0.5]},
        )
        seconds = []
        # The first run only sets up the events: its time is taken off.
        for events in (1, EVENTS + 1):
            fixture = calculator.make_default_sampling_fixture_params(label="kmc", write_results=False, write_status=False)
            fixture.sample_by_step(period=1e9)
            for name in ("clex.formation_energy", "mol_composition", "param_composition", "potential_energy"):
                fixture.do_not_sample(name)
            fixture.do_not_perform_analysis("heat_capacity")
            fixture.clear_cutoffs()
            fixture.set_max_count(events)
            start = time.process_time()
            calculator.run_fixture(state=state, sampling_fixture_params=fixture)
            seconds.append(time.process_time() - start)
    return EVENTS / (seconds[1] - seconds[0])


def _written(path: Path, data: object) -> str:
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)
