"""Reports: HTML pages in one file, pictures embedded, nothing fetched."""

from elman.reports.report import Cell, Report

__all__ = ["Cell", "Report"]
