"""Which type of content part an endpoint's error rejects, as vendors and servers write it."""

from __future__ import annotations

import re
from collections.abc import Iterable

NO = (
    r"(?:not|n't) (?:\w+ ){0,2}support|(?:not|n't) (?:accept|have)\b|unsupported|unknown|unrecogni[sz]ed|disabled|"
    r"invalid (?:value|(?:content |part )?type)|not (?:implemented|match any)|"
    r"not (?:an? )?(?:\w+ )?(?:valid|allowed|permitted|accepted|enabled|recogni[sz]ed)"
)


def _part_pattern(name: str, words: str) -> re.Pattern[str]:
    """Match how an error states that parts of a type, which are called by these words, are not accepted."""
    return re.compile(
        rf"\b(?:{words})\b[^.\n]{{0,40}}(?:{NO}|only supported)|(?:{NO})[^.\n]{{0,40}}\b(?:{words})\b|"
        rf"no endpoints? \w+ that support (?:{words})\b|\b0 (?:{words})|unknown variant [`'\"]{name}",
        re.IGNORECASE,
    )


REJECTED_PART: dict[str, re.Pattern[str]] = {
    "image_url": _part_pattern("image_url", r"image_url|images?(?:\(s\))?|vision"),
    "file": _part_pattern("file", r"files?|pdfs?|documents?"),
}
"""How an error rejects content parts of a type."""

NO_PARTS = re.compile(
    r"content['\"`]?\W{0,4}(?:value )?(?:must|should) be a (?:valid )?string|"
    r"content\S{0,20}\s+input should be a valid string|input should be '?text|content\[\]\.type|"
    r"expected a string, but got an array|cannot unmarshal array into [^\n]{0,60}\bcontent\b|"
    r"only supports? text|text.only\b|not a vision model|cannot process (?:images|files)|"
    r"missing data required for image input|mmproj|not (?:a )?multi.?modal|multi.?modal[^.\n]{0,20} not support|"
    r"not support multi.?modal|\u4e0d\u652f\u6301.{0,6}(?:\u56fe|\u6587\u4ef6|\u591a\u6a21\u6001)",
    re.IGNORECASE,
)
"""How servers of text models reject any part: Groq, those that validate with pydantic, llama.cpp, Ollama and vLLM (the
last one is Chinese: images, files or several kinds are not supported)."""

ABOUT_ONE_FILE = re.compile(
    r"too (?:large|big|small|long|many)|exceed|at most [1-9]|base64|download|fetch|decod|corrupt|damaged|"
    r"uploaded|make sure|media type|mime|image/\w|application/pdf|response.?format|schema",
    re.IGNORECASE,
)
"""How an error is about the content of one part, or about something else: other parts of its type may be accepted."""


def find_rejected_part(text: str, types: Iterable[str]) -> str | None:
    """Return the type of content parts that the text of an error rejects; None if it is about something else.

    Args:
        text: The text of the error.
        types: The types of the parts that were sent.

    >>> find_rejected_part("Invalid content type. image_url is only supported by certain models.", ["image_url"])
    'image_url'
    >>> find_rejected_part("Invalid value: 'file'. Supported values are: 'text' and 'image_url'.", ["file"])
    'file'
    >>> find_rejected_part("the image is too large: at most 20 MB are supported", ["image_url"])
    """
    if ABOUT_ONE_FILE.search(text):
        return None
    is_text_only = NO_PARTS.search(text)
    return next(
        (name for name in types if is_text_only or (name in REJECTED_PART and REJECTED_PART[name].search(text))), None
    )
