"""The README's figures: ``python -m benchmarks.readme [FILE…]`` fills its table from files that ``--json FILE`` wrote.

Rows of the files replace those of the same name in ``measured.json``, which the table is written from.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from scalith.quantities import InputError, write_text

HERE = Path(__file__).resolve().parent
MEASURED = HERE / "measured.json"
README = HERE.parent / "README.md"
START, END = "<!-- figures: python -m benchmarks.readme -->", "<!-- end of figures -->"

SHOWN = {
    "climb_lfp_with_compilation": "the example from nothing, kernels compiled on the way",
    "climb_lfp_compiled": "the same, kernels compiled before",
    "climb_lfp_unchanged": "the same, nothing changed",
    "climb_lfp_memory": "largest memory of the example",
    "changed_number_to_pack": "a changed number of the cell, up to the pack",
    "member_lattice_to_cell": "a member of an ensemble from the lattice to three discharges, re-weighted; CPU seconds",
    "import_scalith": "`import scalith`",
    "scalith_help": "`scalith --help`",
    "kernel_table_1d_value_and_slope": "a material function inside a kernel, value and slope",
    "monte_carlo_8000_sites_clease": "Monte Carlo on fcc, 8,000 sites",
    "kinetic_8000_sites": "kinetic Monte Carlo on fcc, 8,000 sites",
    "kinetic_nasicon_12288_sites": "kinetic Monte Carlo of Na₃Zr₂Si₂PO₁₂",
    "homogenise_blobs_200_vs_taufactor": "conduction through 200³ voxels, to 1e-6 against the peer's 1e-2",
    "discharge_1C": "P2D discharge at 1C; the peer at its default mesh, whose error is ten times larger",
    "discharge_1C_equal_accuracy": "the same at equal accuracy",
    "discharge_spme_1C": "the same, single-particle model with electrolyte",
    "batch_1000_discharges": "1,000 discharges with other parameters; the peer on one core",
    "cycling_10_cc_cv": "ten CC–CV cycles",
    "ageing_coupled_cycle": "a CC–CV cycle with film, plating, cracks and lost material; CPU seconds",
    "ageing_1000_cycles": "1,000 cycles of these mechanisms on a smooth voltage, each solved; CPU seconds",
    "ageing_1000_cycles_extrapolated": "the same with cycles skipped within 1e-3",
    "ageing_ten_years_of_storage": "ten years of storage",
    "ageing_100_lifetimes": "100 lives of 1,000 cycles on two cores",
    "impedance_60_frequencies": "impedance at 60 frequencies",
    "sensitivities_4_parameters": "derivatives of the voltage by four parameters",
    "discharge_first_from_import": "from `import` to the first discharge",
    "fit_joint_records": "ten parameters from two discharges, a pulse and three spectra at once",
    "fit_measured_spectra": "ten multipliers from three measured spectra",
    "structure_to_order": "a structure of 64³ voxels with the transport, area and line asked for",
    "labels_1000_structures": "1,000 structures of 64³ voxels made and measured",
    "runaway_of_107_cells_in_a_row": "107 cells of four reactions, to full propagation",
    "draws_1000_of_a_12_cell_module": "1,000 members of a 12-cell module",
}
"""Which rows the README shows, in order, in words."""


def merged(known: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]], day: str) -> list[dict[str, Any]]:
    """Rows of `known` with those of `new` that could be measured in their place, dated `day`, sorted by name.

    Parameters
    ----------
    known, new : iterable of mapping
        Rows as `Measured.to_plain` gives them.
    day : str
        When the new ones were measured, ``"2026-11-28"``.
    """
    kept = ("group", "name", "unit", "peer", "peer_version", "ours", "theirs", "ratio", "target", "target_ratio", "measured")
    rows = {row["name"]: dict(row) for row in known}
    rows |= {row["name"]: {**row, "measured": day} for row in new if row["ours"] is not None and not row.get("error")}
    return [{key: row.get(key) for key in kept} for _, row in sorted(rows.items())]


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The table of the README."""
    found = {row["name"]: row for row in rows}
    lines = ["| what | ours | peer | times better | promised | measured | row |", "|---|---|---|---|---|---|---|"]
    for name, words in SHOWN.items():
        if name not in found:
            continue
        row = found[name]
        peer = (
            "–"
            if row["theirs"] is None
            else f"{row['peer']} {row['peer_version'] or ''}".strip() + f": {_in_words(row['theirs'], row['unit'])}"
        )
        ratio = "–" if row["ratio"] is None or row["theirs"] is None else f"{row['ratio']:.3g}"
        targets = [] if row["target"] is None else [_in_words(row["target"], row["unit"])]
        targets += [] if row["target_ratio"] is None else [f"{row['target_ratio']:.3g} times"]
        cells = (words, _in_words(row["ours"], row["unit"]), peer, ratio, "; ".join(targets) or "–", row["measured"], f"`{name}`")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def filled(readme: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The README with its table, between the two marks, written anew.

    Raises
    ------
    InputError
        The marks are not there.
    """
    parts = re.split(f"({re.escape(START)}|{re.escape(END)})", readme)
    if [part for part in parts if part in (START, END)] != [START, END]:
        raise InputError("README.md", "marks of the table", "not once each, in order", f"{START} and {END}")
    before, start, _, end, after = parts
    return f"{before}{start}\n\n{table(rows)}\n\n{end}{after}"


def main(files: Sequence[str] | None = None) -> int:
    """Merge the files, write ``measured.json`` and the README."""
    known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else []
    for file in sys.argv[1:] if files is None else files:
        path = Path(file)
        try:
            new = json.loads(path.read_text(encoding="utf-8"))
            known = merged(known, new, date.fromtimestamp(path.stat().st_mtime).isoformat())
        except (OSError, ValueError, TypeError, KeyError) as error:
            print(f"{path}: found {error}, expected a file written by 'python -m benchmarks --json'", file=sys.stderr)
            return 2
    write_text(MEASURED, json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    write_text(README, filled(README.read_text(encoding="utf-8"), known))
    return 0


def _in_words(value: float, unit: str) -> str:
    for size, short in ((1e9, "billion"), (1e6, "million")):
        if unit.endswith("/s") and value >= size:
            return f"{value / size:.3g} {short} {unit}"
    if unit == "s" and value < 1.0:
        return f"{1e3 * value:.3g} ms"
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


if __name__ == "__main__":
    sys.exit(main())
