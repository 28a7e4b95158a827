"""Files of SIMs: CSV and XLSX, sent at once or made in the background."""
