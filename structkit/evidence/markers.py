"""Annotations that say whether a value is looked for in the source."""

from __future__ import annotations

from typing import Any

from structkit.evidence.leaves import EVIDENCE_KEYWORD


class _Marker:
    """An annotation of a type: `Annotated[str, Judged]`."""

    word = ""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        """Note it in the natural schema; it is not part of what is sent."""
        return {**handler(core_schema), EVIDENCE_KEYWORD: cls.word}


class Judged(_Marker):
    """Marks a value that the model concludes, such as a summary: it is not looked for in the source."""

    word = "judged"


class Found(_Marker):
    """Marks an enum, a `Literal` or a boolean whose value is in the source: it is looked for as a text."""

    word = "found"
