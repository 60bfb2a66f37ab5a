"""One page a case, as Markdown with its pictures: the validation gallery of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from scalith.quantities import write_text
from validation.running import Case, Outcome

SCALES = {
    "A": "Atoms",
    "L": "Lattice",
    "I": "Interface",
    "P": "Particle",
    "E": "Electrode",
    "C": "Cell",
    "B": "Lab",
    "K": "Pack and safety",
    "U": "Errors and ensembles",
}


def write_gallery(folder: str | Path, cases: Iterable[Case], outcomes: Iterable[Outcome] = ()) -> None:
    """Write ``index.md``, and ``L02.md`` with ``L02_1.png`` … for each case.

    A case without an outcome gets its text and the command that runs it. Pages and pictures of cases that are no longer
    there are removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    results = {outcome.case.id: outcome for outcome in outcomes}
    cases = list(cases)
    for old in [*folder.glob("[A-Z][0-9][0-9]*.md"), *folder.glob("[A-Z][0-9][0-9]*_*.png")]:
        old.unlink()
    for case in cases:
        outcome = results.get(case.id)
        pictures = _save_pictures(folder, outcome) if outcome else []
        write_text(folder / f"{case.id}.md", _page(case, outcome, pictures))
    write_text(folder / "index.md", _index(cases, results))


def number(value: float | None) -> str:
    """A number as the tables show it."""
    return "–" if value is None else f"{value:.6g}"


def _save_pictures(folder: Path, outcome: Outcome) -> list[tuple[str, str]]:
    saved = []
    for index, (caption, figure) in enumerate(outcome.record.figures, start=1):
        name = f"{outcome.case.id}_{index}.png"
        figure.savefig(folder / name, dpi=110, bbox_inches="tight")
        saved.append((caption, name))
    return saved


def _page(case: Case, outcome: Outcome | None, pictures: list[tuple[str, str]]) -> str:
    lines = [f"# {case.id}: {case.title}", "", case.text, ""]
    if outcome is None:
        lines += ["## Result", "", f"Not run in this build. Run it with `python -m validation {case.id}`.", ""]
        return "\n".join(lines)
    verdict = "All checks hold" if outcome.ok else "**The case fails**"
    lines += ["## Result", "", f"{verdict}; {outcome.seconds:.1f} s.", ""]
    if outcome.error:
        lines += ["```text", outcome.error, "```", ""]
    if outcome.record.checks:
        lines += ["| quantity | expected | found | tolerance | unit | holds |", "|---|---|---|---|---|---|"]
        for c in outcome.record.checks:
            numbers = f"{number(c.expected)} | {number(c.found)} | {number(c.tolerance)}"
            lines.append(f"| {_cell(c.quantity)} | {numbers} | {_cell(c.unit)} | {'yes' if c.ok else '**no**'} |")
        lines.append("")
    if outcome.record.comparisons:
        lines += ["Beside published or measured numbers, stated and not asserted:", ""]
        lines += ["| quantity | reference | found | unit | note |", "|---|---|---|---|---|"]
        lines += [
            f"| {_cell(c.quantity)} | {number(c.reference)} | {number(c.found)} | {_cell(c.unit)} | {_cell(c.note)} |"
            for c in outcome.record.comparisons
        ]
        lines.append("")
    for caption, name in pictures:
        lines += [f"![{caption}]({name})", "", f"*{caption}*", ""]
    return "\n".join(lines)


def _index(cases: list[Case], results: Mapping[str, Outcome]) -> str:
    lines = [
        "# Validation gallery",
        "",
        "Numbered cases: an exact solution, a published figure or a measurement, with the number to meet. `python -m validation`",
        "runs them all, `python -m validation L02 C06` some; the number shown is the check under most strain.",
        "",
    ]
    for letter, scale in SCALES.items():
        members = [case for case in cases if case.id.startswith(letter)]
        if not members:
            continue
        lines += [
            f"## {scale}",
            "",
            "| case | title | expected | found | tolerance | unit | holds |",
            "|---|---|---|---|---|---|---|",
        ]
        for case in members:
            link = f"| [{case.id}]({case.id}.md) | {_cell(case.title)} "
            outcome = results.get(case.id)
            if outcome is None:
                lines.append(f"{link}| – | – | – | | not run in this build |")
                continue
            plain = outcome.to_plain()
            numbers = " | ".join(number(plain[key]) for key in ("expected", "found", "tolerance"))
            lines.append(f"{link}| {numbers} | {_cell(plain['unit'])} | {'yes' if outcome.ok else '**no**'} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
