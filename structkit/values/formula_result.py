"""Whether a formula of a workbook has a result, and what to do if it has none."""

from __future__ import annotations

NO_RESULT = (
    "has no result, because no spreadsheet has calculated it yet: open the workbook in Excel or LibreOffice and save it"
)
"""What an error says after the name of the formula."""

TEXT, NUMBER = "str", "n"
"""Types of cells in SpreadsheetML (ECMA-376, part 1, section 18.18.11); a cell without one has a number."""


def has_result(result: str, cell_type: str, *, is_calculated_on_load: bool) -> bool:
    """Return whether a formula has a result.

    XlsxWriter writes the number 0 for each formula, in a workbook that is calculated when a spreadsheet opens it.

    Args:
        result: The text of the value that is stored beside the formula.
        cell_type: Of its cell.
        is_calculated_on_load: Whether the workbook is calculated when a spreadsheet opens it (`fullCalcOnLoad`).

    >>> [has_result(text, NUMBER, is_calculated_on_load=True) for text in ("5", "0", "")]
    [True, False, False]
    >>> has_result("", TEXT, is_calculated_on_load=True), has_result("0", "b", is_calculated_on_load=True)
    (True, True)
    """
    text = result.strip()
    return cell_type == TEXT or (text != "" and not (text == "0" and cell_type == NUMBER and is_calculated_on_load))
