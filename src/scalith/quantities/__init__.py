"""What passes between scales: properties, sources, specifications, units, errors."""

from scalith.quantities.atomic_write import whole_file, write_text
from scalith.quantities.column_file import ColumnFile, read_columns, read_property_csv, write_property_csv
from scalith.quantities.digest import dataset_digest, digest, file_digest, package_digest
from scalith.quantities.errors import (
    ConvergenceError,
    DomainError,
    InputError,
    MissingDependencyError,
    ScalithError,
    StudyError,
    nearest,
)
from scalith.quantities.property import Property
from scalith.quantities.results_file import read_results, write_results
from scalith.quantities.shipped_data import shipped
from scalith.quantities.source import FileRecord, Source, predicted
from scalith.quantities.specification import SI, Spec, read_toml
from scalith.quantities.units import parse_quantity, to_si

__all__ = [
    "SI",
    "ColumnFile",
    "ConvergenceError",
    "DomainError",
    "FileRecord",
    "InputError",
    "MissingDependencyError",
    "Property",
    "ScalithError",
    "Source",
    "Spec",
    "StudyError",
    "dataset_digest",
    "digest",
    "file_digest",
    "nearest",
    "package_digest",
    "parse_quantity",
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
