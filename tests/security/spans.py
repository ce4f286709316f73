"""An OTLP endpoint that writes the spans of the services to a file next to their logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from deploy.stack.ports import HOST


def file_of(data_dir: Path) -> Path:
    return data_dir / "logs" / "spans.otlp"


def collected(data_dir: Path) -> bytes:
    file = file_of(data_dir)
    return file.read_bytes() if file.exists() else b""


@contextmanager
def collector(data_dir: Path) -> Iterator[str]:
    """Collect while the block lasts; yields the address to send spans to."""

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with file_of(data_dir).open("ab") as file:
                file.write(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/v1/traces"
        server.shutdown()
