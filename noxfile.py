"""One command for every chore: ``nox -s lint|types|tests|validation|docs|bench``."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, and who may import whom; ``-- --fix`` mends what can be mended."""
    session.install(".[lint]")
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--check"]))
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """The type checker, strict, on src."""
    session.install(".[lint]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests that take seconds; ``-- -m long`` the others, ``--force-python 3.13`` on another Python."""
    session.install(".[test]")
    session.run("pytest", "-n", "2", *(session.posargs or ["-m", "not long"]))


@nox.session
def validation(session: nox.Session) -> None:
    """All numbered cases, or those named after ``--``."""
    session.install(".")
    session.run("python", "-m", "validation", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, with the gallery of the cases that take seconds (all of them with ``-- --all``)."""
    session.install(".[docs]")
    quick = [] if "--all" in session.posargs else ["--quick"]
    session.run("python", "-m", "validation", *quick, "--gallery", "docs/validation")
    session.run("python", "docs/build.py")


@nox.session
def bench(session: nox.Session) -> None:
    """Scalith beside its peers; names and options after ``--``."""
    session.install(".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)
