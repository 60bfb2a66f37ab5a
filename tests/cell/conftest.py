from __future__ import annotations

from pathlib import Path

import pytest

from scalith.cell import CellSpecification, specification_from_bpx
from scalith.quantities import shipped

DATA = Path(__file__).resolve().parents[2] / "validation" / "data" / "about_energy"


@pytest.fixture(scope="session")
def lgm50() -> CellSpecification:
    return CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))


@pytest.fixture(scope="session")
def pouch() -> CellSpecification:
    return specification_from_bpx(DATA / "NMC" / "nmc_pouch_cell_BPX.json", heat_transfer_coefficient=10.0)


@pytest.fixture(scope="session")
def lfp_file() -> Path:
    return DATA / "LFP" / "lfp_18650_cell_BPX.json"


@pytest.fixture(scope="session")
def lfp(lfp_file) -> CellSpecification:
    return specification_from_bpx(lfp_file)
