"""Pictures, tables, one self-contained HTML page."""

from scalith.report.ladder_picture import ladder_picture
from scalith.report.ledger_lines import entry_line, source_lines
from scalith.report.page import write_report

__all__ = ["entry_line", "ladder_picture", "source_lines", "write_report"]
