"""One dialect per vendor, with the page that documents it, and what is sent where no page does."""

from __future__ import annotations

import math
from dataclasses import replace

from structkit.dialects.dialect import Dialect, ModeName, Size

INCLUSIVE = frozenset({"minimum", "maximum"})
NUMBERS = INCLUSIVE | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
LENGTHS = frozenset({"minLength", "maxLength"})
ITEMS = frozenset({"minItems", "maxItems"})
CONST = frozenset({"const"})
OPENAI_FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])
CLASS_ESCAPE = r"\[[^\]]*\\[dswDSW]"
"""A class escape inside a character class, which llama.cpp's grammars do not know."""
ESCAPE = r"\\[dswDSWbB]"
"""Any class escape, and the edge of a word."""
WITHOUT_SCHEMA: tuple[ModeName, ...] = ("json_object", "prompt")

# developers.openai.com, guide "Structured model outputs", section "Supported schemas" (text checked 2026-08-23).
OPENAI = Dialect(
    name="openai",
    keywords=CONST | NUMBERS | ITEMS | {"pattern", "format"},
    formats=OPENAI_FORMATS,
    root_reference=True,
    max_enum_characters=15_000,
    max_size=Size(properties=5_000, enum_values=1_000, characters=120_000, optional=0, unions=math.inf),
    hosts=("api.openai.com",),
    models=("gpt-*", "o[1-9]*", "chatgpt-*"),
)

# learn.microsoft.com, "Structured outputs", still says 100 properties, 5 levels and 500 values; probed on
# 2026-10-02: 400 properties, 10 levels and 1,000 values are accepted, and so are lengths.
AZURE = Dialect(
    name="azure",
    keywords=OPENAI.keywords | LENGTHS,
    formats=OPENAI_FORMATS,
    root_reference=True,
    max_enum_characters=15_000,
    max_size=Size(properties=400, enum_values=1_000, characters=15_000, optional=0, unions=math.inf),
    hosts=("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"),
)

# platform.claude.com, "Structured outputs": numeric and length bounds are answered with 400, no recursion,
# at most 24 optional parameters and 16 with union types. Property names: a reported 400 (tools).
ANTHROPIC = Dialect(
    name="anthropic",
    keywords=CONST | {"format"},
    formats=OPENAI_FORMATS | {"uri"},
    recursion=False,
    optional=True,
    name_pattern=r"[a-zA-Z0-9_.-]{1,64}",
    max_size=Size(properties=math.inf, enum_values=math.inf, characters=math.inf, optional=24, unions=16),
    hosts=("api.anthropic.com",),
    models=("claude*",),
)

# ai.google.dev, `responseJsonSchema`: `const` is ignored, exclusive bounds are not in the list, and cyclic references
# are accepted in optional properties only.
GEMINI = Dialect(
    name="gemini",
    keywords=INCLUSIVE | ITEMS | {"format"},
    formats=frozenset({"date-time", "date", "time"}),
    recursion=False,
    hosts=("generativelanguage.googleapis.com", "*aiplatform.googleapis.com"),
    models=("gemini*",),
)

# docs.x.ai, "Structured Outputs": bounds "partly", without a list; no recursion.
XAI = Dialect(
    name="xai",
    keywords=CONST | {"format"},
    formats=frozenset({"date", "time", "date-time", "email", "uuid", "ipv4"}),
    recursion=False,
    hosts=("api.x.ai",),
    models=("grok*",),
)

# docs.mistral.ai, "Custom Structured Outputs": `json_schema` with `strict`; no subset is published.
MISTRAL = Dialect(
    name="mistral",
    keywords=OPENAI.keywords,
    formats=OPENAI.formats,
    hosts=("api.mistral.ai",),
    models=("mistral*", "ministral*", "magistral*", "codestral*"),
)

# console.groq.com, "Structured Outputs": every property required, every object closed; strict for gpt-oss, best effort
# for others; no subset is published.
GROQ = Dialect(name="groq", keywords=OPENAI.keywords, formats=OPENAI.formats, hosts=("api.groq.com",))

# api-docs.deepseek.com, "JSON Output": json_object only; json_schema is answered with "This response_format
# type is unavailable now".
DEEPSEEK = Dialect(name="deepseek", modes=WITHOUT_SCHEMA, hosts=("api.deepseek.com",))

# alibabacloud.com, Model Studio, "Structured output" (2026-03): json_schema for some models; no subset is published.
# The open models of this name are mostly served by vLLM or llama.cpp, whose grammars know these keywords.
QWEN = Dialect(
    name="qwen",
    keywords=OPENAI.keywords,
    formats=OPENAI.formats,
    rejected_pattern=CLASS_ESCAPE,
    hosts=("dashscope*.aliyuncs.com",),
    models=("qwen*",),
)

# z-ai-sdk-python, issue 73: text and json_object only.
GLM = Dialect(name="glm", modes=WITHOUT_SCHEMA, hosts=("open.bigmodel.cn", "api.z.ai"))

XGRAMMAR = CONST | (NUMBERS - {"multipleOf"}) | LENGTHS | ITEMS | {"pattern", "format"}
"""The keywords that the grammar engine of vLLM and SGLang enforces; it skips others (cpp/json_schema_converter.cc)."""

# vLLM 0.28, v1/structured_output/backend_xgrammar.py: what `has_xgrammar_unsupported_json_features` finds moves the
# whole reply to a slower engine. Its `STRING_SUPPORTED_FORMATS` has all of OpenAI's.
# docs.vllm.ai, "Structured Outputs": the fields should be described in the prompt as well.
VLLM = Dialect(
    name="vllm",
    keywords=XGRAMMAR,
    formats=OPENAI_FORMATS,
    harmful=frozenset({"multipleOf"}),
    shows_schema=False,
)

# SGLang, srt/constrained/xgrammar_backend.py: the same engine, and no other one to fall back to. Its page "Structured
# Outputs" recommends that the prompt have the form of the reply, too.
SGLANG = Dialect(name="sglang", keywords=XGRAMMAR, formats=OPENAI_FORMATS, shows_schema=False)

# Text Generation Inference, with outlines-core, src/json_schema: the schema becomes one regular expression, so there is
# no recursion and no bound of a number. An unknown format is an error.
TGI = Dialect(
    name="tgi",
    keywords=CONST | LENGTHS | ITEMS | {"pattern", "format"},
    formats=frozenset({"date-time", "date", "time", "email", "uuid"}),
    recursion=False,
    shows_schema=False,
)

# llama.cpp, grammars/README.md: bounds of integers, lengths, patterns from `^` to `$`, four formats; a class escape
# inside a character class is answered with "unsupported escape", and then any text is accepted.
LLAMA_CPP = Dialect(
    name="llama.cpp",
    keywords=CONST | (NUMBERS - {"multipleOf"}) | LENGTHS | ITEMS | {"pattern", "format"},
    formats=frozenset({"date", "time", "date-time", "uuid"}),
    rejected_pattern=CLASS_ESCAPE,
    free_streams=True,
    shows_schema=False,
)

# ollama.com, "Structured outputs": llama.cpp's grammars, and "ideal to also pass the JSON schema as a string in the
# prompt"; its default port is 11434. A grammar that cannot be loaded, as with an escape, is a 500 that does not say so:
# "failed to load model vocabulary required for format".
OLLAMA = Dialect(
    name="ollama",
    keywords=LLAMA_CPP.keywords,
    formats=LLAMA_CPP.formats,
    rejected_pattern=ESCAPE,
    shows_schema=False,
    hosts=("localhost:11434", "127.0.0.1:11434"),
)

CORE = Dialect(name="core", max_enum_characters=OPENAI.max_enum_characters, max_size=OPENAI.max_size)
"""What every vendor with a schema mode accepts. It is sent once an endpoint has rejected larger dialects twice."""

UNKNOWN = replace(
    CORE,
    name="unknown",
    keywords=OPENAI.keywords,
    formats=OPENAI.formats,
    rejected_pattern=CLASS_ESCAPE,
    max_enum_characters=math.inf,
    max_size=replace(CORE.max_size, enum_values=math.inf, characters=math.inf),
)
"""The documented strict subset: what is sent to an unknown route.

A keyword that the endpoint rejects costs one rejected request, without tokens; a keyword that is missing costs wrong
answers on every call (docs/benchmarks.md). So does an enum that is described instead: a server that makes a grammar of
the schema does not show it to the model. Enums therefore have no limit until an endpoint names one.
"""

_HOSTED = (OPENAI, AZURE, ANTHROPIC, GEMINI, XAI, MISTRAL, GROQ, DEEPSEEK, QWEN, GLM)
_SERVERS = (VLLM, SGLANG, TGI, LLAMA_CPP, OLLAMA)

DIALECTS = {row.name: row for row in (*_HOSTED, *_SERVERS, CORE, UNKNOWN)}
"""All dialects by their names."""
