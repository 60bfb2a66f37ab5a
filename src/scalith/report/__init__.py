"""Pictures, tables, one self-contained HTML page."""

from scalith.report.ladder_picture import ladder_picture
from scalith.report.page import write_report

__all__ = ["ladder_picture", "write_report"]
