"""The form in which the documents of a conversation are sent: the first one whose content parts the route accepts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import groupby

from structkit.dialects import Route
from structkit.dialects.part_rejections import find_rejected_part
from structkit.values import JSON, Message
from structkit.values.page import DocumentPart, PromptDocument


def in_accepted_form(messages: tuple[Message, ...], rejected_parts: Collection[str]) -> tuple[Message, ...]:
    """Return the messages with each document in a form that the route accepts; as it is, if there is no such form.

    Raises:
        ConfigError: Pages would be images, and the extra `documents` is not installed.
    """
    if not rejected_parts:
        return messages
    return tuple(_with_accepted_parts(message, rejected_parts) for message in messages)


def learn_rejected_part(text: str, route: Route, messages: tuple[Message, ...]) -> Route | None:
    """Return the route without the type of content parts that the text of an error rejects.

    None if it rejects none, or if a document has no other form to send.
    """
    documents = {id(document): document for message in messages for document, _ in _runs(message) if document}
    types = {part["type"] for message in messages for document, parts in _runs(message) if document for part in parts}
    name = find_rejected_part(text, sorted(types - {"text"})) if types else None
    if name is None:
        return None
    rejected = route.rejected_parts | {name}
    has_form = all(document.parts_without(rejected) is not None for document in documents.values())
    return route.with_rejected_part(name) if has_form else None


def _with_accepted_parts(message: Message, rejected_parts: Collection[str]) -> Message:
    content = tuple(
        each
        for document, parts in _runs(message)
        for each in ((document.parts_without(rejected_parts) if document else None) or parts)
    )
    if not content or content == message.content:
        return message
    is_text = len(content) == 1 and content[0]["type"] == "text"
    return replace(message, content=content[0]["text"] if is_text else content)


def _runs(message: Message) -> Iterator[tuple[PromptDocument | None, tuple[JSON, ...]]]:
    """Yield the content parts of a message: those of each document, and those between them with None."""
    if isinstance(message.content, tuple):
        for _, parts in groupby(message.content, key=lambda part: id(getattr(part, "document", None))):
            run = tuple(parts)
            yield (run[0].document if isinstance(run[0], DocumentPart) else None), run
