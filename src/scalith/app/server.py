"""The explorer's page on this machine: one address, one token, nothing for others."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from scalith.app.page import page_of
from scalith.quantities import InputError, MissingDependencyError, ScalithError

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
    from starlette.routing import Route
except ImportError:
    raise MissingDependencyError("starlette", "scalith explore", "app") from None

if TYPE_CHECKING:  # the page is there before the ladder is loaded
    from scalith.app.explorer import Explorer
    from scalith.app.noted_answers import NotedAnswers

LARGEST_UPLOAD = 20_000_000
"""Bytes of a file dropped onto the page."""

LARGEST_QUESTION = 200_000
"""Bytes of any other request."""

HEADER = "x-scalith-token"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets in only who names this machine as the host, comes from this page, has the token and sends no more than is taken.

    Parameters
    ----------
    inner : ASGI application
    token : str
    port : int
    """

    def __init__(self, inner: Any, token: str, port: int) -> None:
        self.inner, self.token = inner, token
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say in one sentence why not."""
        if scope["type"] != "http":
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused is not None:
            status, words = refused
            await JSONResponse({"error": words}, status, headers=_ALWAYS)(scope, receive, send)
            return
        largest = LARGEST_UPLOAD if scope["path"] == "/measured" else LARGEST_QUESTION
        taken = 0

        async def receive_no_more() -> MutableMapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > largest:
                raise _TooLarge(f"more than {largest} bytes")
            return message

        await self.inner(scope, receive_no_more, send)

    def _refused(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        if headers.get("host") not in self.hosts:
            return 403, "not the address of this page"
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return 403, "a request of another page"
        asked = headers.get(HEADER, "")
        if scope["path"] == "/" and scope["method"] == "GET":
            asked = dict(pair.partition("=")[::2] for pair in scope["query_string"].decode("latin-1").split("&")).get("token", "")
        if not secrets.compare_digest(asked.encode(), self.token.encode()):
            return 403, "no token, or not that of this run: open the address that 'scalith explore' printed"
        largest = LARGEST_UPLOAD if scope["path"] == "/measured" else LARGEST_QUESTION
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > largest:
            return 413, f"more than {largest} bytes"
        return None


class _TooLarge(Exception):
    pass


def application(explorer: Future[Explorer], token: str, port: int, noted: NotedAnswers | None = None) -> Guard:
    """The page and what it asks for, as an ASGI application.

    Parameters
    ----------
    explorer : Future of Explorer
        May still be reading its study.
    token : str
        Needed by every request.
    port : int
        Of this machine.
    noted : NotedAnswers, optional
        What the study as it is stated was found to be earlier: told while the explorer is not there.
    """
    jobs: dict[str, threading.Event] = {}
    pool = ThreadPoolExecutor(8, thread_name_prefix="explorer")

    async def ready() -> Explorer:
        return await asyncio.wrap_future(explorer)

    async def page(request: Request) -> Response:
        html, policy = page_of()
        return HTMLResponse(html, headers=_ALWAYS | {"Content-Security-Policy": policy})

    async def drawing(request: Request) -> Response:
        from plotly.offline import get_plotlyjs

        return Response(get_plotlyjs(), media_type="text/javascript", headers=_ALWAYS)

    async def about(request: Request) -> Response:
        if noted is not None and not explorer.done():
            return JSONResponse(noted.about, headers=_ALWAYS)
        found = await ready()
        return JSONResponse(await asyncio.wrap_future(pool.submit(found.about)), headers=_ALWAYS)

    async def climb(request: Request) -> Response:
        asked = await _asked(request)
        tab = str(asked.get("tab", ""))[:40]
        if tab in jobs:
            jobs[tab].set()
        jobs[tab] = stop = threading.Event()
        if noted is not None and not explorer.done() and (told := _as_stated(asked, noted)) is not None:
            return Response(told, media_type="application/x-ndjson", headers=_ALWAYS)
        events = _events(await ready(), asked, stop, pool)
        return StreamingResponse(events, media_type="application/x-ndjson", headers=_ALWAYS)

    async def cancel(request: Request) -> Response:
        asked = await _asked(request)
        if event := jobs.get(str(asked.get("tab", ""))[:40]):
            event.set()
        return JSONResponse({}, headers=_ALWAYS)

    async def export(request: Request) -> Response:
        from scalith.app.exports import exported

        asked, found = await _asked(request), await ready()
        made = await asyncio.wrap_future(
            pool.submit(exported, found, _changes(asked), str(asked.get("form", "")), str(asked.get("quantity", "")))
        )
        named = f'attachment; filename="{made.name}"'
        return Response(made.content, media_type=made.kind, headers=_ALWAYS | {"Content-Disposition": named})

    async def measured(request: Request) -> Response:
        from scalith.app.measured import overlay

        content, found = await request.body(), await ready()
        name = request.query_params.get("name", "file")
        changes = _changes({"changes": json.loads(request.query_params.get("changes", "{}"))})
        return JSONResponse(await asyncio.wrap_future(pool.submit(overlay, found, changes, name, content)), headers=_ALWAYS)

    async def wrong(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 422, headers=_ALWAYS)

    async def crashed(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 500, headers=_ALWAYS)

    async def too_large(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 413, headers=_ALWAYS)

    routes = [
        Route("/", page),
        Route("/plotly.js", drawing),
        Route("/about", about),
        Route("/climb", climb, methods=["POST"]),
        Route("/cancel", cancel, methods=["POST"]),
        Route("/export", export, methods=["POST"]),
        Route("/measured", measured, methods=["POST"]),
    ]
    handlers = {ScalithError: wrong, ValueError: wrong, _TooLarge: too_large, Exception: crashed}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, port)


async def _asked(request: Request) -> dict[str, Any]:
    asked = await request.json()
    if not isinstance(asked, dict):
        raise InputError("request", "", type(asked).__name__, "an object")
    return asked


def _changes(asked: Mapping[str, Any]) -> dict[str, Any]:
    changes = asked.get("changes", {})
    if not isinstance(changes, dict):
        raise InputError("request", "changes", type(changes).__name__, "values by knob")
    return changes


def _as_stated(asked: Mapping[str, Any], noted: NotedAnswers) -> str | None:
    """What was told of the study as it is stated, if that is asked."""
    if asked.get("changes") or asked.get("draws") or asked.get("quantity") or "teach" in asked:
        return None
    events = noted.events(str(asked.get("view", "")))
    return None if events is None else "".join(json.dumps(event) + "\n" for event in [*events, {"event": "done"}])


async def _events(
    explorer: Explorer, asked: Mapping[str, Any], stop: threading.Event, pool: ThreadPoolExecutor
) -> AsyncIterator[str]:
    """What happens while a state is computed, a line an event; the last says how it ended."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | None]()

    def hear(event: dict[str, Any] | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event)

    def work() -> None:
        from scalith.app.explorer import Cancelled

        try:
            view, quantity = str(asked.get("view", "")), str(asked.get("quantity", ""))
            draws = asked.get("draws", 0)
            if "teach" in asked:
                explorer.teach(_changes(asked), str(asked["teach"]), hear=hear, stopped=stop.is_set)
            elif draws:
                explorer.spread(_changes(asked), view, draws, hear, stop.is_set)
            else:
                explorer.answer(_changes(asked), view, hear, stop.is_set, quantity)
            hear({"event": "done"})
        except Cancelled:
            hear({"event": "cancelled"})
        except ScalithError as error:
            hear({"event": "refused", "message": str(error), "field": getattr(error, "field", "")})
        except Exception as error:  # a crash says what happened, and the page goes on
            hear({"event": "crashed", "message": f"{type(error).__name__}: {error}"})
        finally:
            hear(None)

    pool.submit(work)
    try:
        while (event := await queue.get()) is not None:
            yield json.dumps(event) + "\n"
    finally:
        stop.set()  # also where the page has gone
