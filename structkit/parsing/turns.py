"""Where the turn of a model ends in a text that still has the special tokens of its chat template."""

from __future__ import annotations

import re

from structkit.values import Repair

TURN_END = (
    r"<\|(?:im_end|im_start|eot_id|eom_id|end_of_text|endoftext|end_of_turn|end_of_turn_token|start_header_id|return"
    r"|user|system|observation)\|>"
    r"|<\|end\|>(?!<\|start\|>)|</s>|<end_of_turn>|<start_of_turn>|<eos>|<\uff5cend\u2581of\u2581sentence\uff5c>"
    r"|(?-i:\[INST\])"
)
"""What ends a turn, or starts the next one: ChatML, Llama, Gemma, Phi, Mistral, GLM, DeepSeek, Cohere, gpt-oss.

After `<|end|>`, gpt-oss writes its next channel.
"""

TRANSCRIPT = re.compile(
    r"\s*+(?:(?:<s>|<bos>|<\|begin_of_text\|>)\s*+)?"
    r"(?:<\|im_start\|>(?!assistant)|<\|start_header_id\|>(?!assistant)|<start_of_turn>(?!model)|<\|(?:user|system)\|>|\[INST\])",
    re.IGNORECASE,
)
"""The start of a reply that repeats the prompt, as some servers send it."""

TURN = re.compile(TURN_END, re.IGNORECASE)

OWN_TURN = re.compile(
    rf"(?:{TURN_END})?\s*+(?:<\|(?:im_start|start_header_id|start)\|>assistant|<start_of_turn>model|<\|assistant\|>|<\|channel\|>)",
    re.IGNORECASE,
)
"""A token, and the next turn that is the model's own: some say that they will answer, and answer in that."""

QUOTES = frozenset("`'\"")
SENTENCE_BEFORE = re.compile(r"\w[ \t]")
SENTENCE_AFTER = frozenset(" \t.,;:!?)")

STRUCK_OUT = "<s>"
"""Text that is struck out in HTML ends with the token that Llama and Mistral have for the end of a turn."""

MAX_STRUCK_CHARS = 200
"""Characters that are struck out at most."""

NOT_IN_MARKUP = frozenset("{}[]\n")


def is_mention(text: str, token: re.Match[str]) -> bool:
    """Return whether a token is the subject of a text, or a tag of HTML; no model writes quotes around its own.

    >>> [is_mention(text, TURN.search(text)) for text in ("It ends with `</s>`", "<b>was</b> <s>20</s>", "It is 7</s>")]
    [True, True, False]
    """
    start, end = token.span()
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    if after and before[-1:] == after and after in QUOTES:
        return True
    if SENTENCE_BEFORE.fullmatch(before) and after in SENTENCE_AFTER:
        return True
    tag_start = text.rfind(STRUCK_OUT, max(0, start - MAX_STRUCK_CHARS), start)
    return token[0] == "</s>" and tag_start > 0 and NOT_IN_MARKUP.isdisjoint(text[tag_start:start])


def without_next_turns(text: str) -> tuple[str, tuple[Repair, ...]]:
    r"""Return a text up to the end of the model's turn, and the repair; what follows is a turn that it has invented.

    >>> without_next_turns("7<|im_end|>\n<|im_start|>user\nAnd 8?"), without_next_turns("7")
    (('7', ('prose',)), ('7', ()))
    """
    is_transcript = TRANSCRIPT.match(text) is not None
    marks = () if is_transcript else TURN.finditer(text)
    end = next((mark.start() for mark in marks if text[: mark.start()].strip()), None)
    return (text, ()) if end is None else (text[:end], ("prose",))
