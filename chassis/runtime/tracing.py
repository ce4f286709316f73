"""Traces: span providers, spans around blocks, and links from a batch to the requests that caused it."""

from collections.abc import Iterable, Sequence
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.runtime import failure

MAX_LINKS = 32
TRACER = trace.get_tracer("care")
# Events and topics always use this format, whatever propagators the process is configured with.
W3C = TraceContextTextMapPropagator()
IDS = RandomIdGenerator()


def configure_traces(service: str, endpoint: str | None) -> None:
    """Export spans to `endpoint`. Without one, spans only have ids."""
    trace.set_tracer_provider(exporting_provider(service, endpoint) if endpoint else IdOnlyTracerProvider())


def exporting_provider(service: str, endpoint: str) -> TracerProvider:
    """Return a provider that exports spans to `endpoint` by OTLP over HTTP."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"care-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class IdOnlyTracerProvider(trace.NoOpTracerProvider):
    """For a process without a collector: no span is exported, but logs, events and responses need trace ids."""

    def get_tracer(self, *_args: Any, **_named: Any) -> trace.Tracer:
        return IdOnlyTracer()


class IdOnlyTracer(trace.NoOpTracer):
    """Creates spans that have ids and nothing else."""

    def start_span(self, name: str, context: Context | None = None, *_args: Any, **_named: Any) -> trace.Span:  # noqa: ARG002
        """Return a child of the span in `context`, or else a span with a new trace id."""
        parent = trace.get_current_span(context).get_span_context()
        trace_id = parent.trace_id if parent.is_valid else IDS.generate_trace_id()
        return trace.NonRecordingSpan(trace.SpanContext(trace_id, IDS.generate_span_id(), is_remote=False))


def current_traceparent() -> str | None:
    span = trace.get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else None


class Span:
    """Opens a span for a block. If the block raises, the span's status is an error, without personal data.

    OpenTelemetry's own context manager goes through four generators, which adds measurable time to each request.
    """

    def __init__(
        self, name: str, kind: trace.SpanKind, parent: Context | None = None, links: Sequence[trace.Link] = ()
    ) -> None:
        self._span = TRACER.start_span(name, parent, kind, links=links)

    def __enter__(self) -> trace.Span:
        self._token = otel_context.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Exception):
            self._span.set_status(trace.StatusCode.ERROR, failure.describe_error(error))
        self._span.end()
        otel_context.detach(self._token)


def links_of(traceparents: Iterable[str | None]) -> list[trace.Link]:
    """Return links to the requests that caused a batch of events, at most MAX_LINKS."""
    known = list(dict.fromkeys(parent for parent in traceparents if parent))[:MAX_LINKS]
    contexts = (trace.get_current_span(W3C.extract({"traceparent": parent})) for parent in known)
    return [trace.Link(span.get_span_context()) for span in contexts]
