"""The signs by which a reply shows which server or vendor has sent it, whatever its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from structkit.dialects.dialect import Dialect
from structkit.dialects.find import find_model_dialect
from structkit.dialects.route import Route
from structkit.dialects.rows import (
    ANTHROPIC,
    AZURE,
    DEEPSEEK,
    GEMINI,
    GLM,
    GROQ,
    LLAMA_CPP,
    MISTRAL,
    OLLAMA,
    OPENAI,
    QWEN,
    SGLANG,
    TGI,
    UNKNOWN,
    VLLM,
    XAI,
)
from structkit.values import Completion


@dataclass(frozen=True, slots=True)
class Sign:
    """What only the replies of one server or vendor have. Each of these alone is enough.

    Args:
        dialect: Its dialect.
        server: A pattern of the reply's `Server` header.
        fingerprint: A pattern of the whole `system_fingerprint`.
        fields: Fields of the body, null or not.
        choice_fields: Fields of a choice, null or not.
        owners: Values of `owned_by` in its list of models.
        providers: The names, in lower case, by which gateways say in `provider` who has answered.
    """

    dialect: Dialect
    server: str = r"(?!)"
    fingerprint: str = r"(?!)"
    fields: frozenset[str] = frozenset()
    choice_fields: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()


def _words(*names: str) -> frozenset[str]:
    return frozenset(names)


SERVERS = (
    # entrypoints/openai/chat_completion/protocol.py; the fingerprint since 0.21, such as `vllm-0.28.0-tp4-f5b33cdd`.
    Sign(VLLM, fingerprint=r"vllm-.+", fields=_words("prompt_logprobs", "kv_transfer_params"), owners=_words("vllm")),
    # entrypoints/openai/protocol.py
    Sign(SGLANG, choice_fields=_words("matched_stop"), owners=_words("sglang")),
    # tools/server; the fingerprint is the build, such as `b9251-e2b129e1b`.
    Sign(
        LLAMA_CPP,
        server=r"llama\.cpp",
        fingerprint=r"b\d+(-[0-9a-f]+)?",
        fields=_words("timings"),
        owners=_words("llamacpp"),
    ),
    # openai/openai.go
    Sign(OLLAMA, fingerprint=r"fp_ollama", owners=_words("library")),
    # router/src/server.rs: the version and the commit, such as `3.2.3-sha-a1f3ebe`, or `3.2.1-native`.
    Sign(TGI, fingerprint=r"\d+\.\d+\.\d+\S*-(sha-[0-9a-f]+|native)"),
)
"""Servers that anyone runs: what they accept depends on their grammars, and not on the model."""

VENDORS = (
    Sign(OPENAI, providers=_words("openai")),
    Sign(AZURE, fields=_words("prompt_filter_results"), providers=_words("azure")),
    Sign(ANTHROPIC, providers=_words("anthropic")),
    Sign(GEMINI, providers=_words("google", "google ai studio", "google vertex")),
    Sign(XAI, providers=_words("xai")),
    Sign(MISTRAL, providers=_words("mistral")),
    Sign(GROQ, fields=_words("x_groq"), providers=_words("groq")),
    # Fingerprints such as `fp_8802369eaa_prod0425fp8`.
    Sign(DEEPSEEK, fingerprint=r"fp_[0-9a-f]+_prod\w*", providers=_words("deepseek")),
    Sign(QWEN, providers=_words("alibaba")),
    Sign(GLM, providers=_words("z.ai")),
)
"""Vendors of models, whom the model's own name shows as well."""


def identify_route(route: Route, reply: Completion) -> Route:
    """Return the route with the dialect that a reply shows it to have; the route itself if there is no sign.

    What the route has rejected stays rejected. A server comes before the name of the model, because many servers serve
    the models of any vendor; a vendor, and the name that the reply gives the model, only where nothing else is known.

    >>> from structkit.values import Choice, Usage
    >>> reply = Completion((Choice(content="{}"),), Usage(), raw={"system_fingerprint": "fp_ollama"})
    >>> identify_route(Route(UNKNOWN, is_assumed=True), reply).dialect.name
    'ollama'
    """
    if not route.is_assumed:
        return route
    dialect = _sender(reply, SERVERS)
    if dialect is None and route.dialect.name == UNKNOWN.name:
        dialect = _sender(reply, VENDORS) or find_model_dialect(reply.model or "")
    return route if dialect is None else route.with_dialect(dialect)


def identify_owner(route: Route, owner: str | None) -> Route:
    """Return the route with the dialect of the server that lists its model with that `owned_by`; or itself."""
    signs = SERVERS if route.is_assumed else ()
    dialect = next((sign.dialect for sign in signs if owner in sign.owners), None)
    return route if dialect is None else route.with_dialect(dialect)


def _sender(reply: Completion, signs: tuple[Sign, ...]) -> Dialect | None:
    body = reply.raw if isinstance(reply.raw, dict) else {}
    return next((sign.dialect for sign in signs if _has_sign(sign, reply, body)), None)


def _has_sign(sign: Sign, reply: Completion, body: dict[str, Any]) -> bool:
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return bool(
        not sign.fields.isdisjoint(body)
        or (isinstance(choice, dict) and not sign.choice_fields.isdisjoint(choice))
        or re.match(sign.server, reply.server or "", re.IGNORECASE)
        or re.fullmatch(sign.fingerprint, str(body.get("system_fingerprint") or ""))
        or (reply.provider or "").lower() in sign.providers
    )
