"""Keywords and metadata keys of our own (`x-structkit-*`): notes from one step of a compilation to a later one."""

ADDITIONAL_BOUNDS = "x-structkit-also"
"""Keyword that lists the bounds which had no room beside another of the same name: said, and checked after."""

DESCRIBED_BOUNDS = "x-structkit-checked"
"""Keyword that lists the bounds which the natural schema itself has put into words."""

BOXED_BRANCH = "x-structkit-box"
"""Keyword of a branch that the natural side has boxed under its name already."""

POSITION_NAME = "x-structkit-name"
"""Keyword of a position's schema that carries the name it has in a named tuple."""

ORIGINAL_SCHEMA = "x-structkit-like"
"""Metadata key: the schema that a rewritten one stands for."""

PYTHON_CLASS = "x-structkit-converted"
"""Key of a resolved branch that is one thing in JSON and another in Python, such as a path."""
