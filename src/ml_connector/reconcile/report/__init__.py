"""The month-end report as page, workbook and rows."""
