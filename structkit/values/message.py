"""Messages of a conversation, and what a caller may pass as a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, get_args, runtime_checkable

from structkit.values.json import JSON
from structkit.values.page import PromptDocument

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]

ROLES = frozenset(get_args(Role))

MESSAGE_FIELDS = ("name", "tool_calls", "tool_call_id", "refusal", "reasoning_content")
"""The optional fields of a message that have an attribute."""

NO_FIELDS = (None,) * len(MESSAGE_FIELDS)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Args:
        role: The author of the turn.
        content: Text, or the endpoint's content parts (`{"type": "text", ...}`, `{"type": "image_url", ...}`); None for
            a turn that only calls tools.
        name: The name of the author.
        tool_calls: The calls of tools that the model made, as the endpoint sent them.
        tool_call_id: The call whose result this message is.
        refusal: Why the model declined to answer.
        reasoning_content: The model's thinking, for endpoints that require it in later turns.
        fields: Any other field of the endpoint, sent as it is.
    """

    role: Role
    content: str | tuple[JSON, ...] | None = None
    name: str | None = None
    tool_calls: tuple[JSON, ...] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Message:
        """Return the message of a dict in the endpoint's form; fields without an attribute are kept in `fields`.

        Raises:
            KeyError: It has no role.

        >>> Message.from_dict({"role": "tool", "content": "7", "tool_call_id": "a"}).tool_call_id
        'a'
        """
        attributes = {name: _frozen(value[name]) for name in ("role", "content", *MESSAGE_FIELDS) if name in value}
        fields = {name: each for name, each in value.items() if name not in attributes}
        return cls(attributes.pop("role"), **attributes, fields=fields)

    @property
    def is_plain(self) -> bool:
        """Whether it has only a role and content."""
        optional = (self.name, self.tool_calls, self.tool_call_id, self.refusal, self.reasoning_content)
        return optional == NO_FIELDS and not self.fields

    @property
    def body(self) -> JSON:
        """The message as JSON for the request body."""
        content = [*self.content] if isinstance(self.content, tuple) else self.content
        body: JSON = {"role": self.role, "content": content}
        if self.is_plain:
            return body
        for name in MESSAGE_FIELDS:
            if (value := getattr(self, name)) is not None:
                body[name] = [*value] if isinstance(value, tuple) else value
        return {**body, **self.fields} if self.fields else body


@runtime_checkable
class ContentPart(Protocol):
    """What can be a part of a message beside text, such as a `structkit.File`."""

    @property
    def part(self) -> JSON:
        """The content part in the endpoint's form."""
        ...


class MessageModel(Protocol):
    """A message as a pydantic model, such as the `ChatCompletionMessage` of the SDK."""

    @property
    def role(self) -> str:
        """The author of the turn."""
        ...

    def model_dump(self, *, mode: str, exclude_unset: bool, exclude_none: bool) -> dict[str, Any]:
        """Return the message in the endpoint's form."""
        ...


PromptPart: TypeAlias = "str | ContentPart | PromptDocument"
"""What a user message is made of, beside content parts in the endpoint's form."""

AnyMessage: TypeAlias = "Message | Mapping[str, Any] | MessageModel"
"""A message; as a dict, it is in the endpoint's form."""

Prompt: TypeAlias = "PromptPart | AnyMessage | Sequence[AnyMessage | PromptPart]"
"""The input of a call: the text of the user message, one message, or several. A list of texts, files, documents and
content parts is one user message."""


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
