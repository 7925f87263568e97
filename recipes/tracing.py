"""Trace calls: a span for each request, with its tokens, its attempt and its issues, for any OpenTelemetry backend.

Run it:  pip install 'structkit-llm[otel]' opentelemetry-sdk && python recipes/tracing.py

For Langfuse, Phoenix, Jaeger and others, export the spans over OTLP:

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    exporter = OTLPSpanExporter()  # OTEL_EXPORTER_OTLP_ENDPOINT=https://cloud.langfuse.com/api/public/otel

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from pydantic import BaseModel, Field

import structkit
from structkit import otel


class Person(BaseModel):
    name: str
    age: int = Field(ge=0)


def format_span(span: ReadableSpan) -> str:
    """Return a line for the console; a backend shows all attributes, and the issues as events."""
    attributes = span.attributes or {}
    tokens = attributes.get("gen_ai.usage.output_tokens", 0)
    issues = [dict(event.attributes or {}) for event in span.events]
    return f"{span.name}: attempt {attributes.get('structkit.attempt')}, {tokens} tokens {issues or ''}".rstrip() + "\n"


if __name__ == "__main__":
    exporter = ConsoleSpanExporter(formatter=format_span)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("people")

    model = os.environ.get("STRUCTKIT_MODEL", "local")
    # content=True adds prompts and replies, which backends such as Langfuse show. Without it, spans have neither.
    client = structkit.Client(model, hooks=otel.hooks(tracer, content=True), max_tokens=100)
    with tracer.start_as_current_span("read people"):  # the calls of one task belong together
        print(client.extract(Person, "name: Ada Lovelace, age: 36"))
    provider.shutdown()
