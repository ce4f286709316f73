"""Import of CSV and XLSX files, and export as CSV."""
