"""A provider's API on this machine: answers what it was told, in order, and remembers every request."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Provider", "Request", "closed_url", "difference"]


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """With names in lower case."""
    body: Any = None
    """Decoded from JSON or from a form (a field that comes twice is a list); else the text; None if there was none."""
    raw: bytes = b""


class Provider:
    """A server on 127.0.0.1 for the time of a `with` block.

    An answer is `{"status": 200, "json": ..., "text": ..., "headers": {...}, "delay": 0.0, "drop": False}`, all optional;
    `delay` in seconds; `drop` closes the connection after the request was read, with no answer. A list holds one answer a request, and `ok`
    is the answer to all that come after; a single answer is given to every request.
    """

    def __init__(
        self, ok: Mapping[str, Any] | None = None, answers: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self.tell(ok, answers)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:  # the client did not wait
                    self.close_connection = True

            def _answer(self) -> None:
                provider._handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _answer

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def tell(
        self, ok: Mapping[str, Any] | None = None, answers: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """From now on give these answers."""
        with self._lock:
            if isinstance(answers, Mapping):
                ok, answers = answers, ()
            self._ok = dict(ok or {})
            self._answers = list(answers)

    def __enter__(self) -> Provider:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, http: BaseHTTPRequestHandler) -> None:
        raw = _read(http)
        address = urlsplit(http.path)
        headers = {name.lower(): value for name, value in http.headers.items()}
        request = Request(
            http.command,
            address.path,
            _form(address.query),
            headers,
            _decoded(raw, headers.get("content-type", "")),
            raw,
        )
        with self._lock:
            self.requests.append(request)
            answer = self._answers.pop(0) if self._answers else self._ok
        time.sleep(float(answer.get("delay", 0)))
        if answer.get("drop"):
            http.close_connection = True
            http.connection.shutdown(socket.SHUT_RDWR)
            return
        kind = "application/json" if "json" in answer else "text/plain; charset=utf-8"
        content = json.dumps(answer["json"]) if "json" in answer else str(answer.get("text", ""))
        sent = {"Content-Type": kind, **{name: str(value) for name, value in (answer.get("headers") or {}).items()}}
        http.send_response(int(answer.get("status", 200)))
        for name, value in sent.items():
            http.send_header(name, value)
        http.send_header("Content-Length", str(len(content.encode())))
        http.end_headers()
        if http.command != "HEAD":
            http.wfile.write(content.encode())


def _read(http: BaseHTTPRequestHandler) -> bytes:
    if http.headers.get("transfer-encoding", "").lower() != "chunked":
        return http.rfile.read(int(http.headers.get("content-length") or 0))
    whole = b""
    while size := int(http.rfile.readline().split(b";")[0], 16):
        whole += http.rfile.read(size)
        http.rfile.readline()
    http.rfile.readline()
    return whole


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in fields:
            before = fields[name]
            fields[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[name] = value
    return fields


def _decoded(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    text = raw.decode("utf-8", "replace")
    if "json" in kind:
        return json.loads(text)
    return _form(text) if "form-urlencoded" in kind else text


def closed_url() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


_ABSENT = object()


def difference(expected: Any, actual: Any, where: str = "", *, exact: bool = False) -> str:
    """Where `actual` is not what was expected, in words; empty if it is.

    A mapping needs only the expected keys (a key expected to be null may also be missing), a list all its elements and these whole. A text
    that begins with `~` is a regular expression to search for. JSON inside a form's field is read, and a number there is compared as text.
    """
    if isinstance(expected, (Mapping, list)) and isinstance(actual, str):
        try:
            actual = json.loads(actual)
        except ValueError:
            return f"{where}: no JSON but {actual!r}"
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping):
            return f"{where}: {actual!r} is no mapping"
        if exact and (more := sorted(map(str, set(actual) - set(expected)))):
            return f"{where}: also has {', '.join(more)}"
        for key, value in expected.items():
            found = actual.get(key, _ABSENT)
            if found is _ABSENT and value is None:
                continue
            if found is _ABSENT:
                return f"{where}.{key}: missing, there are {', '.join(map(str, actual))}"
            if wrong := difference(value, found, f"{where}.{key}", exact=exact):
                return wrong
        return ""
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return f"{where}: {actual!r} is not {expected!r}"
        differences = (difference(e, a, f"{where}[{i}]", exact=True) for i, (e, a) in enumerate(zip(expected, actual)))
        return next(filter(None, differences), "")
    if isinstance(expected, str) and expected.startswith("~"):
        text = actual if isinstance(actual, str) else json.dumps(actual, ensure_ascii=False)
        return "" if re.search(expected[1:], text) else f"{where}: {text!r} holds nothing like {expected[1:]!r}"
    if isinstance(expected, (bool, int, float)) and isinstance(actual, str):
        actual, expected = actual, json.dumps(expected)
    same = actual == expected and isinstance(actual, bool) == isinstance(expected, bool)
    return "" if same else f"{where}: {actual!r} is not {expected!r}"
