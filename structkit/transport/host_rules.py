"""Hosts whose addresses or keys differ from OpenAI's, as data."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class HostRule:
    """What is different at some hosts.

    Args:
        hosts: Patterns of the hosts.
        root: The path of the API where the base URL has none; None for `/v1`.
        key_header: The header of a key; None for a bearer token.
        deployments: Where the versions of the API that have a date have a model, with NAME for it; None if there are
            no such versions.
    """

    hosts: tuple[str, ...]
    root: str | None = None
    key_header: str | None = None
    deployments: str | None = None


OPENAI_LIKE = HostRule(hosts=())

# learn.microsoft.com, "Azure OpenAI REST API reference", Authentication: a key in `api-key`, a token of Entra ID as a
# bearer token; "API version lifecycle": the version-less API is at /openai/v1.
AZURE_RULE = HostRule(
    hosts=("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"),
    root="/openai/v1",
    key_header="api-key",
    deployments="/openai/deployments/NAME",
)

RULES = (AZURE_RULE,)


def find_host_rule(host: str | None) -> HostRule:
    """Return what is different at a host.

    >>> find_host_rule("my-resource.openai.azure.com").key_header, find_host_rule("api.openai.com").key_header
    ('api-key', None)
    """
    name = (host or "").lower().rstrip(".")
    matches = (rule for rule in RULES if any(fnmatchcase(name, pattern) for pattern in rule.hosts))
    return next(matches, OPENAI_LIKE)


def key_header(base_url: str, api_key: str) -> tuple[str, str]:
    """Return the header that carries a key; a JSON Web Token is a bearer token at every host.

    >>> key_header("https://api.openai.com/v1", "sk-1"), key_header("https://my.openai.azure.com", "4711")
    (('authorization', 'Bearer sk-1'), ('api-key', '4711'))
    """
    name = find_host_rule(urlsplit(base_url).hostname).key_header
    is_token = api_key.startswith("eyJ") and api_key.count(".") == 2  # noqa: PLR2004 (header, payload and signature)
    return ("authorization", f"Bearer {api_key}") if name is None or is_token else (name, api_key)
