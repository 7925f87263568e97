"""What cells in the XML of an Excel sheet consist of, as parts of patterns."""

from __future__ import annotations

FORMULA = rb"<(?:\w{1,20}:)?f\b[^<>]*+(?:(?<=/)>|>[^<]*+</(?:\w{1,20}:)?f>)\s*+"
"""A formula, with what follows its tag."""

VALUE_START = rb"<(?:\w{1,20}:)?v\b[^<>]*+>"
"""The start of the value, which for a formula is its result."""

CELL_START = rb"<(?:\w{1,20}:)?c\s(?P<attributes>[^<>]{0,500})>\s*+"
"""The start of a cell that has a value."""
