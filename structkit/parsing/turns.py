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


def without_next_turns(text: str) -> tuple[str, tuple[Repair, ...]]:
    r"""Return a text up to the end of the model's turn, and the repair; what follows is a turn that it has invented.

    >>> without_next_turns("7<|im_end|>\n<|im_start|>user\nAnd 8?"), without_next_turns("7")
    (('7', ('prose',)), ('7', ()))
    """
    is_transcript = TRANSCRIPT.match(text) is not None
    marks = () if is_transcript else TURN.finditer(text)
    end = next((mark.start() for mark in marks if text[: mark.start()].strip()), None)
    return (text, ()) if end is None else (text[:end], ("prose",))
