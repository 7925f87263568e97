"""What other libraries call the arguments of a client and of a call, and what they are here."""

from __future__ import annotations

CLIENT_ARGUMENTS = ("base_url", "api_key", "client", "transport", "cache", "prices")
"""Arguments of a client that a call does not have."""

SDK_ARGUMENTS = (
    "data_residency",
    "http_client",
    "provider",
    "webhook_secret",
    "websocket_base_url",
    "workload_identity",
)
AZURE_ARGUMENTS = ("azure_endpoint", "azure_deployment", "api_version", "azure_ad_token", "azure_ad_token_provider")
HTTP_ARGUMENTS = (
    "auth",
    "cert",
    "cookies",
    "event_hooks",
    "http2",
    "limits",
    "mounts",
    "proxies",
    "proxy",
    "trust_env",
    "verify",
)
HTTP_ARGUMENT = (
    "HTTP_PROXY, HTTPS_PROXY, NO_PROXY or SSL_CERT_FILE in the environment, or "
    "structkit.Client(model, client=openai.OpenAI(http_client=httpx2.Client({}=...)))"
)
"""Arguments of the clients of other libraries, and where they go here."""

CONNECTION_ARGUMENTS = frozenset((*SDK_ARGUMENTS, *AZURE_ARGUMENTS, *HTTP_ARGUMENTS, "organization", "project"))
"""Those that a client has instead of a call."""

OTHER_NAMES = {
    "max_retries": "policy=structkit.Policy(retries=...) for the endpoint's errors, attempts=... for invalid replies",
    "retries": "policy=structkit.Policy(retries=...) for the endpoint's errors, attempts=... for invalid replies",
    "attempts": "policy=structkit.Policy(attempts=...)",
    "timeout": "policy=structkit.Policy(timeout=...), in seconds",
    "response_model": "the first argument: client.extract(Type, prompt)",
    "response_format": "the first argument: client.extract(Type, prompt)",
    "output_type": "the first argument: client.extract(Type, prompt)",
    "system": "instructions=...",
    "system_prompt": "instructions=...",
    "messages": "the second argument: client.extract(Type, messages)",
    "prompt": "the second argument: client.extract(Type, prompt)",
    "stream": "client.stream(Type, prompt)",
    "validation_context": "context=...",
    "top_k": "extra_body={'top_k': ...}",
    "functions": "tools=[...]",
    "function_call": "tool_choice=...",
    "headers": "extra_headers={...}",
    "default_headers": "extra_headers={...}",
    "default_query": "extra_query={...}",
    "message_history": "messages as the second argument: client.extract(Type, [*result.messages, ...])",
    "deps": "context=... for validators; a tool that is a method or a functools.partial has its own data",
    "strict": "mode=..., or leave it out: the schema is strict wherever the endpoint accepts it",
    **{name: f"structkit.Client(model, client=openai.OpenAI({name}=...))" for name in SDK_ARGUMENTS},
    **{name: f"structkit.Client(model, client=openai.AzureOpenAI({name}=...))" for name in AZURE_ARGUMENTS},
    **{name: HTTP_ARGUMENT.format(name) for name in HTTP_ARGUMENTS},
    "organization": "the environment variable OPENAI_ORG_ID, or structkit.Client(model, client=openai.OpenAI(...))",
    "project": "the environment variable OPENAI_PROJECT_ID, or structkit.Client(model, client=openai.OpenAI(...))",
    **{name: f"structkit.Client(model, {name}=...): it belongs to a client" for name in CLIENT_ARGUMENTS},
}
"""What other libraries call an argument, and what it is here."""
