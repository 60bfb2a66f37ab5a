"""What passes between scales: properties, sources, specifications, units, errors.

Names load when used, so that the command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scalith.numerics.content_digest import digest, package_digest
    from scalith.quantities.arrhenius import ArrheniusFit, arrhenius_factor, fit_arrhenius
    from scalith.quantities.atomic_write import whole_file, write_text
    from scalith.quantities.column_file import ColumnFile, read_columns, read_property_csv, write_property_csv
    from scalith.quantities.digests import dataset_digest, file_digest
    from scalith.quantities.errors import (
        ConvergenceError,
        DomainError,
        InputError,
        MissingDependencyError,
        ScalithError,
        StudyError,
        nearest,
    )
    from scalith.quantities.labelled import labelled
    from scalith.quantities.property import Property
    from scalith.quantities.result import Result, ResultPlot
    from scalith.quantities.result_plot import plot_result
    from scalith.quantities.results_file import read_results, write_results
    from scalith.quantities.shipped_data import shipped
    from scalith.quantities.source import FileRecord, Source, predicted
    from scalith.quantities.specification import SI, Spec, read_toml
    from scalith.quantities.uncertain import ErrorComponent, Uncertain, parse_uncertain
    from scalith.quantities.units import parse_quantity, to_si

_HOME = {
    "ArrheniusFit": "arrhenius",
    "ColumnFile": "column_file",
    "ConvergenceError": "errors",
    "DomainError": "errors",
    "ErrorComponent": "uncertain",
    "FileRecord": "source",
    "InputError": "errors",
    "MissingDependencyError": "errors",
    "Property": "property",
    "SI": "specification",
    "Result": "result",
    "ResultPlot": "result",
    "ScalithError": "errors",
    "Source": "source",
    "Spec": "specification",
    "StudyError": "errors",
    "arrhenius_factor": "arrhenius",
    "dataset_digest": "digests",
    "Uncertain": "uncertain",
    "digest": "content_digest",
    "file_digest": "digests",
    "fit_arrhenius": "arrhenius",
    "labelled": "labelled",
    "nearest": "errors",
    "package_digest": "content_digest",
    "parse_quantity": "units",
    "parse_uncertain": "uncertain",
    "plot_result": "result_plot",
    "predicted": "source",
    "read_columns": "column_file",
    "read_property_csv": "column_file",
    "read_results": "results_file",
    "read_toml": "specification",
    "shipped": "shipped_data",
    "to_si": "units",
    "whole_file": "atomic_write",
    "write_property_csv": "column_file",
    "write_results": "results_file",
    "write_text": "atomic_write",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'scalith.quantities' has no attribute {name!r}")
    package = "numerics" if _HOME[name] == "content_digest" else "quantities"
    value = getattr(importlib.import_module(f"scalith.{package}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


__all__ = [
    "SI",
    "ArrheniusFit",
    "ColumnFile",
    "ConvergenceError",
    "DomainError",
    "ErrorComponent",
    "FileRecord",
    "InputError",
    "MissingDependencyError",
    "Property",
    "Result",
    "ResultPlot",
    "ScalithError",
    "Source",
    "Spec",
    "StudyError",
    "Uncertain",
    "arrhenius_factor",
    "dataset_digest",
    "digest",
    "file_digest",
    "fit_arrhenius",
    "labelled",
    "nearest",
    "package_digest",
    "parse_quantity",
    "parse_uncertain",
    "plot_result",
    "predicted",
    "read_columns",
    "read_property_csv",
    "read_results",
    "read_toml",
    "shipped",
    "to_si",
    "whole_file",
    "write_property_csv",
    "write_results",
    "write_text",
]
