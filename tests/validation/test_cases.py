"""Every case of the gallery, one test each; the long ones run with ``-m long``."""

from __future__ import annotations

import pytest

from validation.running import find_cases, run_case

CASES = [pytest.param(case, id=case.id, marks=[pytest.mark.long] * case.long) for case in find_cases()]


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    outcome = run_case(case)
    assert not outcome.error, outcome.trace or outcome.error
    failed = [check for check in outcome.record.checks if not check.ok]
    assert not failed, "\n".join(
        f"{c.quantity}: found {c.found:.6g} {c.unit}, expected {c.expected:.6g} ± {c.tolerance:.3g}" for c in failed
    )
