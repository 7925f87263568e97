"""Examples as rows for supervised fine-tuning, each value in its wire form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, overload

from typing_extensions import TypeForm

from structkit.client.arguments import example_to_json
from structkit.prompts import build_messages
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import JSON, Message, Prompt

T = TypeVar("T")


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
        SchemaError: The type has no strict form, or a value has no JSON form.
        PromptError: A value is not valid for its type.

    >>> [row] = finetune_rows(list[int], [("Two and three.", [2, 3])])
    >>> row["messages"].pop()
    {'role': 'assistant', 'content': '{"value": [2, 3]}'}
    """
    output_format = response_format(output_type)
    for prompt, value in examples:
        wire = json.dumps(output_format.wire(example_to_json(output_format, value)), ensure_ascii=False)
        messages = (*build_messages(prompt, instructions), Message("assistant", wire))
        yield {"messages": [message.body for message in messages]}
