"""Examples as rows for supervised fine-tuning, each value in its wire form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from typing_extensions import TypeForm

from structkit.client.arguments import PAIR, example_to_json
from structkit.errors import ConfigError
from structkit.prompts import build_messages
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import JSON, Message, Prompt
from structkit.values.text import shorten

T = TypeVar("T")

PAIRS = "pairs, each of an input and its expected value"
MAX_QUOTED_CHARS = 80


@overload
def finetune_rows(
    output_type: TypeForm[T], examples: Iterable[tuple[Prompt, T]], *, instructions: str | None = None
) -> Iterator[JSON]: ...
@overload
def finetune_rows(
    output_type: ResponseFormat[T], examples: Iterable[tuple[Prompt, T]], *, instructions: str | None = None
) -> Iterator[JSON]: ...
@overload
def finetune_rows(
    output_type: JSON, examples: Iterable[tuple[Prompt, Any]], *, instructions: str | None = None
) -> Iterator[JSON]: ...
def finetune_rows(
    output_type: Any, examples: Iterable[tuple[Prompt, Any]], *, instructions: str | None = None
) -> Iterator[JSON]:
    """Yield the training rows of *examples* in the chat format; each is one line of a JSONL file.

    Args:
        output_type: The type of the values.
        examples: Pairs of an input and the expected value.
        instructions: The system message of every row; use the same one in later calls.

    Raises:
        ConfigError: The examples are not pairs.
        SchemaError: The type has no strict form, or a value has no JSON form.
        PromptError: A value is not valid for its type.

    >>> [row] = finetune_rows(list[int], [("Two and three.", [2, 3])])
    >>> row["messages"].pop()
    {'role': 'assistant', 'content': '{"value": [2, 3]}'}
    """
    output_format = response_format(output_type)
    pairs: Any = examples  # callers without a type checker may pass anything
    if not isinstance(pairs, Iterable) or isinstance(pairs, str | bytes | Mapping):
        raise ConfigError(f"examples must be {PAIRS}, not {shorten(repr(pairs), MAX_QUOTED_CHARS)}")
    for number, example in enumerate(pairs, 1):
        if not isinstance(example, list | tuple) or len(example) != PAIR:
            text = shorten(repr(example), MAX_QUOTED_CHARS)
            raise ConfigError(f"examples must be {PAIRS}; number {number} is {text}")
        prompt, value = example
        wire = json.dumps(output_format.wire(example_to_json(output_format, value)), ensure_ascii=False)
        messages = (*build_messages(prompt, instructions), Message("assistant", wire))
        yield {"messages": [message.body for message in messages]}
