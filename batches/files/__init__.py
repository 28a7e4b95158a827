"""Spreadsheets that choose SIMs: CSV and XLSX read by the names of their columns, damage told by row."""
