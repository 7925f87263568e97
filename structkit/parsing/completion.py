"""A reply's body as a `Completion`, whatever fields the gateway omits, or as a `MalformedReply`."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from structkit.dialects.error_bodies import error_message, read_error_body
from structkit.dialects.finish_reasons import classify_finish_reason, finish_kind_of
from structkit.dialects.refusals import PERMANENT_CODE, PERMANENT_CODES, PERMANENT_ERROR, bare_code
from structkit.errors import MalformedReply
from structkit.parsing.token_counts import read_count, read_usage
from structkit.values import JSON, Choice, Completion, JSONValue, ToolCall
from structkit.values.text import shorten

MAX_ERROR_CHARS = 200
"""How much of an unexpected body is quoted in an error message."""

TEXT_PARTS = (None, "text", "output_text")
"""The types of content parts that belong to the answer; `thinking` and `reasoning` do not."""

FLAT_MESSAGE_KEYS = ("message", "msg", "status_msg", "error_msg")
FLAT_CODE_KEYS = ("code", "status_code", "error_code")
SUCCESS_CODES = frozenset({"0", "200", "success", "ok"})
"""Codes and messages with which gateways wrap any body; they report no error."""

REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Where a message has the model's thinking."""

ANSWER_FIELDS = ("content", "tool_calls", "function_call", "refusal", *REASONING_FIELDS)
"""Where a message has something of the model."""

OTHER_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning", "refusal", "tool_use", "tool_call", "citation"})
"""The types of content parts beside texts, apart from those that are a key too: `{"type": "file", "file": {...}}`."""

MAX_STATUS = 600
MAX_REASON_CHARS = 60
"""How much of a finish reason is quoted in an error message."""

MAX_CHOICES = 1_000
"""Choices of one reply. Vendors allow 128 at most, and each choice is validated."""


def read_completion(body: JSONValue) -> Completion | MalformedReply:
    """Parse the decoded JSON body of a 200 reply.

    >>> message = {"role": "assistant", "content": "{}"}
    >>> read_completion({"choices": [{"message": message, "finish_reason": "stop"}]}).choices
    (Choice(index=0, content='{}', refusal=None, finish_reason='stop', tool_calls=()),)
    >>> read_completion({"error": {"message": "upstream down", "code": 502}})
    MalformedReply('the endpoint answered 200 with an error object: upstream down (code 502)')
    """
    body = inside_envelope(inside_list(body))
    if not isinstance(body, dict):
        return _malformed(f"a JSON {type(body).__name__}, not an object", body)
    fault = _fault(body)
    if fault is not None:
        fault.usage_of_reply = read_usage(body.get("usage"))
        return fault
    choices = read_choices(body)
    completion = Completion(
        choices=choices,
        usage=read_usage(body.get("usage"), is_written=any(map(_is_written, choices))),
        id=_text(body.get("id")),
        model=_text(body.get("model")),
        provider=_text(body.get("provider")),
        raw=body,
    )
    return fault_of_choices(completion) or completion


ENVELOPES = ("data", "response", "result", "body", "output")
"""Keys under which gateways put the whole body of a reply."""


def inside_list(body: Any) -> Any:
    """Return the object in a list of one, or the first of a list of errors, as Gemini sends one; else the body itself.

    >>> inside_list([{"error": {"code": 429}}]), inside_list([{"error": "a"}, {"error": "b"}]), inside_list([1])
    ({'error': {'code': 429}}, {'error': 'a'}, [1])
    """
    if not isinstance(body, list) or not body or not isinstance(body[0], dict):
        return body
    is_one = len(body) == 1 or all(isinstance(item, dict) and item.get("error") for item in body)
    return body[0] if is_one else body


def inside_envelope(body: Any) -> Any:
    """Return the body that a gateway has wrapped, if that has choices; else the body itself.

    >>> inside_envelope({"code": 0, "data": {"choices": []}}), inside_envelope({"data": 1})
    ({'choices': []}, {'data': 1})
    """
    parts: list[JSONValue] = []
    if isinstance(body, dict) and "choices" not in body and not body.get("error"):
        parts = [*map(body.get, ENVELOPES)]
    return next((part for part in parts if isinstance(part, dict) and isinstance(part.get("choices"), list)), body)


def read_choices(body: JSON) -> tuple[Choice, ...]:
    """Parse the choices of a body, also of one that was interrupted; in order of index."""
    choices = [_choice(position, choice) for position, choice in enumerate(_without_nulls(body["choices"]))]
    return tuple(sorted(choices, key=lambda choice: choice.index) if len(choices) > 1 else choices)


def _without_nulls(choices: JSONValue) -> list[Any]:
    """Return a list of choices without nulls, which some gateways send for one that they have no text of."""
    return [choice for choice in choices if choice is not None] if isinstance(choices, list) else []


def _fault(body: JSON) -> MalformedReply | None:
    """Return why an object is not a completion; None if it is one."""
    choices = _without_nulls(body.get("choices"))
    if error := _error_instead_of(choices, body):
        return _error_object({**body, "error": error})
    if not choices:
        return _malformed("no choices", body)
    if len(choices) > MAX_CHOICES:
        reason = f"{len(choices):,} choices, more than {MAX_CHOICES:,}"  # quotes nothing that has to be redacted
        return MalformedReply(f"the endpoint answered 200 with {reason}", retryable=True, body=body)
    if not all(isinstance(choice, dict) for choice in choices):
        return _malformed("a choice without a message", body)
    if not all(_message(choice) is not None or _choice_error(choice) or _is_withheld(choice) for choice in choices):
        return _malformed("a choice without a message", body)
    return None


def has_excess_choices(body: JSONValue) -> bool:
    """Return whether a body has more choices than are read."""
    body = inside_envelope(inside_list(body))
    return isinstance(body, dict) and len(_without_nulls(body.get("choices"))) > MAX_CHOICES


def flat_error(body: JSON) -> JSON | None:
    """Return the error in a body that has its fields at the top (vLLM, SiliconFlow, Baidu) or in `base_resp` (MiniMax).

    Or in a list (Cloudflare), or as FastAPI's only field.

    >>> flat_error({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})
    {'message': 'insufficient balance', 'code': 1008}
    """
    base = body.get("base_resp")
    errors = body.get("errors")
    first_error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else None
    fields = base if isinstance(base, dict) else first_error or body
    message = next((text for key in FLAT_MESSAGE_KEYS if isinstance(text := fields.get(key), str) and text), None)
    code = next(filter(None, map(fields.get, FLAT_CODE_KEYS)), None)
    is_success = not SUCCESS_CODES.isdisjoint({str(code).lower(), str(message).lower()})
    if first_error or (message and code and not is_success):
        return {"message": message or str(first_error), "code": code}
    if message and read_error_body(HTTPStatus.OK, fields).is_certain:  # Amazon's, and those that have a message only
        return {"message": message}
    return {"message": body["detail"]} if body.keys() == {"detail"} else None


def _error_instead_of(choices: list[Any], body: JSON) -> JSONValue:
    """Return the error that a body has instead of an answer; None if it has an answer, whatever error is beside it.

    >>> error, empty = {"message": "upstream died"}, {"message": {"content": ""}, "finish_reason": "stop"}
    >>> _error_instead_of([empty], {"error": error}), _error_instead_of([empty], {})
    ({'message': 'upstream died'}, None)
    >>> _error_instead_of([{"message": {"content": "{}"}, "finish_reason": "stop"}], {"error": error})
    """
    if not choices:
        return body.get("error") or flat_error(body)
    error = reported_error(body.get("error"))
    if all(map(_is_empty, choices)):
        return error or flat_error(body)
    return None if all(map(_is_finished, choices)) else error


def _is_finished(choice: JSONValue) -> bool:
    """Return whether a choice has a finish reason; without one, an error beside the choices interrupted it."""
    return isinstance(choice, dict) and bool(choice.get("finish_reason"))


def _is_empty(choice: JSONValue) -> bool:
    """Return whether a choice has nothing of a model, as gateways fill in beside an error, nor a reason for that."""
    if not isinstance(choice, dict) or _choice_error(choice) or _is_withheld(choice):
        return False
    message = _message(choice) or {}
    return all(message.get(name) in (None, "", []) for name in ANSWER_FIELDS)  # a decoded 0 or false is an answer


def _is_withheld(choice: JSON) -> bool:
    """Return whether the finish reason says why a choice may lack its message, as from Azure's and Gemini's filters."""
    return classify_finish_reason(_text(choice.get("finish_reason")) or "") != "complete"


def reported_error(error: JSONValue) -> JSONValue:
    """Return an error beside or inside choices; None for one that reports none, as gateways add to valid replies.

    >>> reported_error({"message": "", "type": "", "param": "", "code": None}), reported_error({"code": 0, "msg": "ok"})
    (None, None)
    >>> reported_error({"message": "upstream died", "code": 0})
    {'message': 'upstream died', 'code': 0}
    """
    if not isinstance(error, dict):
        return error or None
    return error if any(value and str(value).lower() not in SUCCESS_CODES for value in error.values()) else None


def _choice_error(choice: JSON) -> JSONValue:
    """Return the error in a choice or its message: an object or a text; None for anything else, such as `{}`."""
    message = choice.get("message")
    errors = (choice.get("error"), message.get("error") if isinstance(message, dict) else None)
    return next((error for error in map(reported_error, errors) if isinstance(error, dict | str)), None)


def fault_of_choices(completion: Completion) -> MalformedReply | None:
    """Return the endpoint's fault if it failed while the model wrote every choice; None if there is a choice to read.

    >>> from structkit.values import Usage
    >>> fault_of_choices(Completion((Choice(finish_reason="network_error"),), Usage()))
    MalformedReply("the endpoint failed while the model wrote the reply (finish_reason 'network_error')")
    >>> fault_of_choices(Completion((Choice(finish_reason="error"), Choice(1, "{}", finish_reason="stop")), Usage()))
    """
    if not all(finish_kind_of(choice) == "failed" for choice in completion.choices):
        return None
    fault = fault_of_choice(next((choice for choice in completion.choices if choice.error), completion.choices[0]))
    body = completion.raw if isinstance(completion.raw, dict) else {}
    fault.body = {**body, "error": fault.body} if fault.body else completion.raw
    fault.usage_of_reply, fault.retries, fault.limits = completion.usage, completion.retries, completion.limits
    return fault


def fault_of_choice(choice: Choice) -> MalformedReply:
    """Return the fault of an endpoint that failed while the model wrote a choice; its body is the error inside it."""
    if choice.error:
        fault = _error_object({"error": choice.error}, "an error in its choice")
        fault.body = choice.error
    else:
        reason = shorten(choice.finish_reason or "", MAX_REASON_CHARS)
        fault = MalformedReply(
            f"the endpoint failed while the model wrote the reply (finish_reason {reason!r})", retryable=True
        )
    fault.partial = choice.content or next((call.arguments for call in choice.tool_calls), None)
    return fault


def _message(choice: JSON) -> JSON | None:
    """Return the message of a choice, which some gateways call as in a stream, or send as the text of a completion."""
    message = choice.get("message") or choice.get("delta")
    if isinstance(message, dict):
        return message
    return {"content": choice["text"]} if isinstance(choice.get("text"), str) and message is None else None


def _choice(position: int, choice: JSON) -> Choice:
    message = _message(choice) or {}
    content, tool_calls = message.get("content"), read_tool_calls(message)
    if tool_calls and isinstance(content, int | float):
        content = None  # a gateway's word for no content, and not an answer beside that in the call
    return Choice(
        index=position if (index := read_count(choice.get("index"))) is None else index,
        content=read_content(content),
        refusal=_text(message.get("refusal")) or read_refusal(content),
        finish_reason=_text(choice.get("finish_reason")),
        tool_calls=tool_calls,
        error=_choice_error(choice),
        reasoning=next(filter(None, (_text(message.get(name)) for name in REASONING_FIELDS)), None),
    )


def _is_written(choice: Choice) -> bool:
    """Return whether the model has written something."""
    return bool(choice.content or choice.refusal or choice.tool_calls or choice.reasoning)


def read_content(content: JSONValue) -> str | None:
    """Return text as it is, and a list of content parts as its joined text parts, without the model's thinking.

    Anything else is JSON that a gateway has decoded.

    >>> read_content([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "{}"}])
    '{}'
    >>> read_content({"value": 3}), read_content([1, "a"]), read_content(True)
    ('{"value": 3}', '[1, "a"]', 'true')
    """
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and (not content or any(map(_is_content_part, content))):
        parts = [part.get("text") for part in content if isinstance(part, dict) and _is_answer(part)]
        return "".join(part for part in parts if isinstance(part, str))
    return _encode(content)


def _is_answer(part: JSON) -> bool:
    """Return whether a content part belongs to the answer; Gemini marks its thoughts by a field of their own."""
    return part.get("type") in TEXT_PARTS and part.get("thought") is not True


def read_refusal(content: JSONValue) -> str | None:
    """Return the text of the refusals among content parts; None without one.

    >>> read_refusal([{"type": "refusal", "refusal": "I cannot."}]), read_refusal("I cannot.")
    ('I cannot.', None)
    """
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return (
        "".join(filter(None, (_text(part.get("refusal")) for part in parts if part.get("type") == "refusal"))) or None
    )


def _is_content_part(item: JSONValue) -> bool:
    """Return whether an item of a message's content is a part of it, and not one of a list that the model wrote.

    >>> parts = ({"text": "{}"}, {"type": "image_url", "image_url": {}}, {"type": "dog", "name": "Rex"}, 3)
    >>> [*map(_is_content_part, parts)]
    [True, True, False, False]
    """
    if not isinstance(item, dict):
        return False
    name = item.get("type")
    if name in TEXT_PARTS:
        return "text" in item
    return isinstance(name, str) and (name in OTHER_PARTS or name in item)


def read_tool_calls(message: JSON) -> tuple[ToolCall, ...]:
    """Return the tool calls of a message, or the call in its old `function_call` field; malformed calls are skipped.

    >>> read_tool_calls({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"x": 1}'}}]})
    (ToolCall(name='f', arguments='{"x": 1}', id='a'),)
    >>> read_tool_calls({"function_call": {"arguments": {"x": 1}}})
    (ToolCall(name='', arguments='{"x": 1}', id=None),)
    """
    tool_calls = message.get("tool_calls")
    if not isinstance(tool_calls, list) or not tool_calls:
        tool_calls = [{"function": message.get("function_call")}]
    calls = (_tool_call(call, call.get("function")) for call in tool_calls if isinstance(call, dict))
    return tuple(call for call in calls if call is not None)


def _tool_call(call: JSON, function: JSONValue) -> ToolCall | None:
    if not isinstance(function, dict):
        return None
    arguments = read_arguments(function.get("arguments"))
    return None if arguments is None else ToolCall(_text(function.get("name")) or "", arguments, _text(call.get("id")))


def read_arguments(arguments: JSONValue) -> str | None:
    """Return text as it is, and an object, which some gateways send decoded, as JSON text; None for anything else.

    >>> read_arguments('{"x":1}'), read_arguments({"x": 1}), read_arguments(None), read_arguments(3)
    ('{"x":1}', '{"x": 1}', '', None)
    """
    if arguments is None:
        return ""
    return _encode(arguments) if isinstance(arguments, dict | list) else _text(arguments)


def _encode(value: JSONValue) -> str | None:
    """Return a decoded value as JSON text; None if it is nested too deep."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return None


def _text(value: JSONValue) -> str | None:
    return value if isinstance(value, str) else None


def _error_object(body: JSON, description: str = "an error object") -> MalformedReply:
    error = body["error"] if isinstance(body["error"], dict) else {"message": str(body["error"])}
    code = error.get("code") or error.get("type")
    message = str(error.get("message") or error_message(error) or "no message")
    text = f"{message} (code {code})" if code else message
    return MalformedReply(
        f"the endpoint answered 200 with {description}: {text[:MAX_ERROR_CHARS]}",
        retryable=not _is_permanent(body, str(code), text),
        body=body,
    )


def _is_permanent(body: JSON, code: str, text: str) -> bool:
    """Return whether a retry cannot cure an error under 200: by its kind, its code (an HTTP status) or its words."""
    kind = read_error_body(HTTPStatus.OK, {**body, "choices": None}).kind
    if kind not in {"other", "file"}:
        return kind != "rate_limit"
    has_status = code.isdecimal() and HTTPStatus.BAD_REQUEST <= int(code[:4]) < MAX_STATUS
    if has_status:
        return code in PERMANENT_CODES
    return bool(PERMANENT_ERROR.search(text) or re.search(PERMANENT_CODE, bare_code(code)))


def _malformed(description: str, body: JSONValue) -> MalformedReply:
    return MalformedReply(
        f"the endpoint answered 200 with {description}: {str(body)[:MAX_ERROR_CHARS]!r}; "
        "check that the base URL is that of a chat completions endpoint",
        retryable=read_error_body(HTTPStatus.OK, body).kind in {"other", "file", "rate_limit"},
        body=body,
    )
