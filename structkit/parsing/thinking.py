"""What encloses a model's thinking in a text, in the notation of each vendor."""

from __future__ import annotations

import re
from typing import Final

TAG_NAME = r"(?:[a-z]{1,20}:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad)"
ATTRIBUTES = r"(?:[ \t][^<>\n]{0,100})?"
MAX_TAG_CHARS = 160
"""The longest start or end."""

PAIRS: Final = {
    "tag": (rf"<{TAG_NAME}{ATTRIBUTES}>", rf"</{TAG_NAME}>"),
    "brackets": (r"(?-i:\[THINK\])", r"(?-i:\[/THINK\])"),
    "triangles": ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    "token": (r"<\|(?:start_thinking|begin_of_thought)\|>", r"<\|(?:end_thinking|end_of_thought)\|>"),
    "number": ("<unused94>", "<unused95>"),
    "channel": (r"<\|channel\|>analysis[^<>\n]{0,100}<\|message\|>", r"<\|(?:end|start)\|>|<\|channel\|>(?!analysis)"),
}
"""The start and the end of thinking: DeepSeek, Qwen, Gemini and others; Mistral; Kimi; Cohere; MedGemma; gpt-oss."""

ANSWER_START = r"<\|channel\|>final\b|(?-i:assistantfinal)"
"""Where gpt-oss begins its answer, also without its special tokens: all text before it is thinking."""

STARTS = "|".join(f"(?P<{name}>{start})" for name, (start, _) in PAIRS.items())
"""Any start of thinking, as a group of its name."""

ENDS = "|".join([*(end for name, (_, end) in PAIRS.items() if name != "channel"), ANSWER_START])
"""Any end of thinking that may have no start, which is in the prompt of some models."""

END_OF = {name: re.compile(end, re.IGNORECASE) for name, (_, end) in PAIRS.items()}
"""The end of each kind of thinking."""

MARK = re.compile(rf"{STARTS}|{ENDS}", re.IGNORECASE)


def without_thinking(text: str) -> tuple[str, bool]:
    """Return a text without thinking, and whether there was any; thinking without an end stays.

    >>> without_thinking("<think>5?</think>7"), without_thinking("5?[/THINK]7"), without_thinking("<think>7")
    (('7', True), ('7', True), ('<think>7', False))
    """
    answer, at = "", 0
    while mark := MARK.search(text, at):
        kind = mark.lastgroup
        end = END_OF[kind].search(text, mark.end()) if kind else mark
        if end is None:
            break
        answer = answer + text[at : mark.start()] if kind else ""
        at = end.end()
    return answer + text[at:], at > 0
