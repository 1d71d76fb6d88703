"""What spreadsheets make of a CSV file."""

FORMULA = r"^\s*[=+\-@\t\r\n＝＋－＠]"
"""How a text begins that a spreadsheet takes for a formula, in full width too: a pattern for Python and for Spark."""
