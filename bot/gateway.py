"""The gateway: takes messages in and gives answers out over HTTP. It stores; it never thinks.

Web chat on `/`, its requests under `/chat/`, the webhooks of the channels that are set up (`/webhooks/<channel>/`), the
inspection contract (`/webhooks/rest/webhook`, `/model/parse`), `/healthz` and `/metrics`. A handler verifies, stores in the
mailbox, and answers at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot import inspection
from bot.channels.base import Channel
from bot.channels.parsing import TooLarge, body_of
from bot.channels.registry import ready
from bot.channels.web import client as web_client
from bot.channels.web import parse as web_parse
from bot.identity import conversation_id, earlier_ids, new_visitor
from bot.logs import configure
from bot.mailbox import Answer, Doorbell, Mailbox, Outbox, ring
from bot.messages import Inbound
from bot.production import before_start
from bot.redact import redacted
from bot.reports import keep_reporting
from bot.retention import keep_purging, keep_shortening
from bot.settings import Settings, settings

__all__ = ["create_app", "main"]

log = logging.getLogger(__name__)

VISITOR, LANGUAGE = "waypost_visitor", "waypost_language"
MAX_BODY = 32 * 1024
MAX_WAITING = 20
"""Unanswered messages of one sender; of more, only calls for help are answered (`bot.messages.Crowd`)."""
FLOOD = 100
"""So many unanswered messages of one sender are a flood: more are refused with 429 until some are answered, but for one in
FLOOD_SECONDS, which is answered with a number to call."""
FLOOD_SECONDS = 60.0
OVERLOAD = 5000
"""So many unanswered messages of everybody are minutes of work: more are not read but answered with a number to call."""
_DEPTH_SECONDS = 1.0
REPLY_WAIT = 25.0
"""Longest wait of one request for replies, in seconds: below the 30 s after which mobile proxies cut a connection."""
INSPECTION_WAIT = 30.0

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class Gateway:
    """What the handlers share: settings, mailbox, and who waits for what."""

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.mailbox = Mailbox(config.mailbox_url)
        self.outbox = Outbox(config.mailbox_url)
        self.bells = config.path("var") / "run"
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.counts: dict[str, int] = defaultdict(int)
        self._flooded: dict[str, float] = {}
        self._depth = (0, -_DEPTH_SECONDS)

    async def listen(self) -> None:
        """Wake those who wait for a conversation when the worker rings for it."""
        bell = Doorbell(self.bells, "gateway")
        try:
            while True:
                conversation = await bell.wait(60)
                for event in self._waiting.get(conversation or "", ()):
                    event.set()
        finally:
            bell.close()

    async def store(self, message: Inbound, address: str = "") -> int:
        """Store a message and wake the workers; returns its row. Raises HTTPException 429 for a flood."""
        await self.carry_over(message.conversation)
        waiting = await run_in_threadpool(self.mailbox.waiting, message.conversation)
        if waiting >= FLOOD:
            if not self._flood_begins(message.conversation):
                self.counts["refused"] += 1
                raise HTTPException(429, "too many messages at once: wait for the answers", {"Retry-After": "5"})
            message = replace(message, crowd="flood")
        elif waiting >= MAX_WAITING:
            message = replace(message, crowd="first" if waiting == MAX_WAITING else "more")
        elif await self._overloaded():
            message = replace(message, crowd="flood")
        if message.crowd:
            self.counts["crowded"] += 1
        stored = await run_in_threadpool(self.mailbox.put, redacted(message), address)
        self.counts["received" if stored.new else "repeated"] += 1
        ring(self.bells, "worker-*")
        return stored.id

    async def _overloaded(self) -> bool:
        """Whether so many messages wait that the next would be read much too late; looked up once a second."""
        depth, at = self._depth
        if time.monotonic() - at >= _DEPTH_SECONDS:
            depth = (await run_in_threadpool(self.mailbox.depth))["waiting"]
            if depth >= OVERLOAD > self._depth[0]:
                log.error(
                    "%d messages wait: new ones are answered with a number to call only; start more workers", depth
                )
            self._depth = depth, time.monotonic()
        return depth >= OVERLOAD

    def _flood_begins(self, conversation: str) -> bool:
        """Whether nobody has told this sender for FLOOD_SECONDS whom to call."""
        now = time.monotonic()
        if now - self._flooded.get(conversation, -FLOOD_SECONDS) < FLOOD_SECONDS:
            return False
        self._flooded = {known: at for known, at in self._flooded.items() if now - at < FLOOD_SECONDS}
        self._flooded[conversation] = now
        return True

    async def carry_over(self, conversation: str) -> None:
        """After a change of the key: what is kept under the id that this conversation had before is its own again."""
        if earlier := earlier_ids(conversation):
            await run_in_threadpool(self.mailbox.carry_over, conversation, earlier)

    async def wait_for(
        self, conversation: str, seconds: float, look: Callable[[], list[Answer] | None]
    ) -> list[Answer] | None:
        """What `look` finds, waiting up to `seconds` for it; looks again at each ring and every two seconds. None: not yet."""
        event = asyncio.Event()
        self._waiting[conversation].add(event)
        deadline = time.monotonic() + seconds
        try:
            while True:
                event.clear()
                found = await run_in_threadpool(look)
                rest = deadline - time.monotonic()
                if found is not None or rest <= 0:
                    return found
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(event.wait(), min(rest, 2.0))
        finally:
            self._waiting[conversation].discard(event)
            if not self._waiting[conversation]:
                del self._waiting[conversation]


class Inlet:
    """The gateway as the channels see it (`bot.channels.base.Inlet`)."""

    def __init__(self, gateway: Callable[[], Gateway]) -> None:
        self._gateway = gateway  # made when the server starts, after the routes

    async def store(self, message: Inbound, address: str) -> bool:
        try:
            await self._gateway().store(message, address)
        except HTTPException:
            return False
        return True

    async def answered(self, conversation: str) -> bool:
        return not await run_in_threadpool(self._gateway().mailbox.waiting, conversation)

    async def stop(self, channel: str, conversation: str) -> None:
        await self._gateway().carry_over(conversation)
        gone = await run_in_threadpool(self._gateway().outbox.stop, channel, conversation)
        self.count("stopped")
        if gone:
            log.info("%s: somebody wants nothing more; %d messages are given up", channel, gone)

    async def start(self, conversation: str) -> None:
        await self._gateway().carry_over(conversation)
        await run_in_threadpool(self._gateway().outbox.start, conversation)

    async def report(
        self, channel: str, state: str, reason: str = "", *, row: int | None = None, provider_id: str = ""
    ) -> None:
        outbox = self._gateway().outbox
        known = await run_in_threadpool(lambda: outbox.report(channel, state, reason, row=row, provider_id=provider_id))
        self.count("reported" if known else "unknown_report")

    def count(self, name: str) -> None:
        self._gateway().counts[name] += 1


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _json(request: Request) -> Any:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise HTTPException(415, "send application/json")
    try:
        body = await body_of(request, MAX_BODY)
    except TooLarge as error:
        raise HTTPException(413, str(error)) from error
    try:
        return json.loads(body.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error


# --- web chat -----------------------------------------------------------------------------------------------------


async def home(request: Request) -> Response:
    code = web_client.pick_language(request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", ""))
    response = HTMLResponse(web_client.page(code), headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})
    if VISITOR not in request.cookies:
        _set_cookie(request, response, VISITOR, new_visitor())
    return response


async def chat_strings(request: Request) -> Response:
    code = request.query_params.get("language", "")
    if code != web_client.pick_language(code, ""):
        raise HTTPException(404, "this language is not served")
    response = JSONResponse(web_client.strings(code))
    _set_cookie(request, response, LANGUAGE, code)
    return response


async def chat_message(request: Request) -> Response:
    gateway = _gateway(request)
    visitor = request.cookies.get(VISITOR) or ""
    fresh = not visitor
    if fresh:
        visitor = new_visitor()
    hint = web_client.pick_language(request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", ""))
    try:
        message = web_parse.message_from(await _json(request), visitor, hint, gateway.config.max_message_chars)
    except web_parse.BadRequest as error:
        raise HTTPException(400, str(error)) from error
    await gateway.store(message)
    response = JSONResponse({"stored": message.provider_id}, status_code=202)
    if fresh:
        _set_cookie(request, response, VISITOR, visitor)
    return response


async def chat_replies(request: Request) -> Response:
    """Answers after the id `after`, which at the same time says that those up to it have arrived."""
    gateway = _gateway(request)
    visitor = request.cookies.get(VISITOR) or ""
    if not visitor:
        return JSONResponse({"replies": [], "waiting": 0})
    try:
        after = max(0, int(request.query_params.get("after", "0")))
        seconds = min(REPLY_WAIT, max(0.0, float(request.query_params.get("wait", "0"))))
    except ValueError as error:
        raise HTTPException(400, "after and wait must be numbers") from error
    if after > 2**62:
        raise HTTPException(400, "after is too large")
    conversation = conversation_id("web", visitor)
    await gateway.carry_over(conversation)
    if after:
        await run_in_threadpool(gateway.mailbox.delivered, conversation, after)
    answers = await gateway.wait_for(
        conversation, seconds, lambda: gateway.mailbox.answers(conversation, after) or None
    )
    waiting = await run_in_threadpool(gateway.mailbox.waiting, conversation)
    rendered = [web_client.rendered(a.outbound, a.id, a.provider_id) for a in answers or ()]
    return JSONResponse({"replies": rendered, "waiting": waiting}, headers={"Cache-Control": "no-store"})


async def chat_clear(request: Request) -> Response:
    """Quick exit: everything about the conversation is deleted, and the browser gets another id at its next visit."""
    gateway = _gateway(request)
    visitor = request.cookies.get(VISITOR) or ""
    if visitor:
        conversation = conversation_id("web", visitor)
        for one in (conversation, *earlier_ids(conversation)):
            await run_in_threadpool(gateway.mailbox.forget, one)
    response = Response(status_code=204)
    response.delete_cookie(VISITOR, path="/", httponly=True, samesite="strict")
    return response


def _set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=30 * 86400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )


# --- inspection contract -------------------------------------------------------------------------------------------


def _loopback_only(request: Request) -> None:
    host = request.client.host if request.client else ""
    try:
        allowed = ipaddress.ip_address(host).is_loopback
    except ValueError:
        allowed = False
    if not allowed or request.headers.get("x-forwarded-for") or request.headers.get("forwarded"):
        raise HTTPException(404)


async def rest_webhook(request: Request) -> Response:
    _loopback_only(request)
    gateway = _gateway(request)
    body = await _json(request)
    try:
        message = inspection.message_from(body, gateway.config.max_message_chars)
    except inspection.BadRequest as error:
        raise HTTPException(400, str(error)) from error
    answers = await _ask(gateway, message)
    return JSONResponse(
        inspection.messages_to(body["sender"], [answer.outbound for answer in answers], message.render_as)
    )


async def model_parse(request: Request) -> Response:
    _loopback_only(request)
    gateway = _gateway(request)
    body = await _json(request)
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise HTTPException(400, "text must be a text")
    identifier = uuid.uuid4().hex
    text = body["text"][: gateway.config.max_message_chars]
    answers = await _ask(gateway, Inbound("parse", identifier, identifier, text=text))
    return JSONResponse(dict(answers[0].outbound.custom))


async def _ask(gateway: Gateway, message: Inbound) -> list[Answer]:
    row = await gateway.store(message)
    answers = await gateway.wait_for(message.conversation, INSPECTION_WAIT, lambda: gateway.mailbox.answers_to(row))
    if answers is None:
        raise HTTPException(504, "no answer in time; it is stored and will be worked on")
    if answers:
        await run_in_threadpool(gateway.mailbox.delivered, message.conversation, answers[-1].id)
    return answers


# --- operation --------------------------------------------------------------------------------------------------------


async def healthz(request: Request) -> Response:
    depth = await run_in_threadpool(_gateway(request).mailbox.depth)
    return JSONResponse({"status": "ok", **depth})


async def metrics(request: Request) -> Response:
    gateway = _gateway(request)
    depth = await run_in_threadpool(gateway.mailbox.depth)
    lines = [f"waypost_mailbox_{name} {value}" for name, value in depth.items()]
    lines += [f"waypost_gateway_{name}_total {value}" for name, value in sorted(gateway.counts.items())]
    states = await run_in_threadpool(gateway.outbox.states)
    lines += [
        f'waypost_outbox_rows{{channel="{channel}",state="{state}"}} {rows}'
        for (channel, state), rows in sorted(states.items())
    ]
    lines += [f"waypost_{name} {value}" for name, value in (await run_in_threadpool(gateway.outbox.counters)).items()]
    return PlainTextResponse("\n".join(lines) + "\n")


class PageFiles(StaticFiles):
    """The page's files; browsers ask whether they changed, so that an update reaches everyone at once."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


class SecurityHeaders(BaseHTTPMiddleware):
    """Headers that keep the page to itself, on every response."""

    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def create_app(config: Settings | None = None) -> Starlette:
    """The ASGI application for these settings (default: those of the process)."""
    config = config or settings()
    usable = ready(config)
    inlet = Inlet(lambda: app.state.gateway)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        gateway = app.state.gateway = Gateway(config)
        tasks = [
            asyncio.create_task(gateway.listen()),
            asyncio.create_task(keep_purging(gateway.mailbox, config)),
            asyncio.create_task(keep_shortening(gateway.mailbox)),
            asyncio.create_task(keep_reporting(gateway.mailbox, config)),
            *(asyncio.create_task(_listen(channel, config, inlet)) for channel in usable.values()),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.mailbox.close()
        gateway.outbox.close()

    routes = [
        Route("/", home),
        Route("/chat/strings", chat_strings),
        Route("/chat/messages", chat_message, methods=["POST"]),
        Route("/chat/replies", chat_replies),
        Route("/chat/clear", chat_clear, methods=["POST"]),
        Route("/healthz", healthz),
        Mount("/static", PageFiles(directory=web_client.PAGE)),
        *(route for channel in usable.values() for route in channel.routes(config, inlet)),
    ]
    if config.inspection and not config.production:
        routes += [
            Route("/webhooks/rest/webhook", rest_webhook, methods=["POST"]),
            Route("/model/parse", model_parse, methods=["POST"]),
            Route("/metrics", metrics),
        ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _error},
    )
    return app


async def _listen(channel: Channel, config: Settings, inlet: Inlet) -> None:
    """Let a channel fetch its messages; whatever breaks, it is begun again."""
    while True:
        try:
            await channel.listen(config, inlet)
            return
        except Exception as error:
            log.error("channel %s: listening broke: %s; beginning again", channel.name, type(error).__name__)
            await asyncio.sleep(5)


def main() -> None:
    """`python -m bot.gateway`"""
    import uvicorn

    config = settings()
    configure(config.log_level)
    before_start(config)
    uvicorn.run(
        create_app(config),
        host=config.bot_host,
        port=config.bot_port,
        log_config=None,
        ws="none",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=64 * 1024,
    )


if __name__ == "__main__":
    main()
