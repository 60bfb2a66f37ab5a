"""Serving the explorer from a thread of this process."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scalith.quantities import InputError, MissingDependencyError, ScalithError

if TYPE_CHECKING:
    from scalith.app.explorer import Explorer
    from scalith.app.noted_answers import NotedAnswers


def explore(study: str | Path, out: str | Path | None = None, *, port: int = 0, allow_code: bool = False) -> Serving:
    """Serve the explorer of a study from this process; in a notebook the page is shown.

    Parameters
    ----------
    study : path
        Study file, or the results folder of its climb.
    out : path, optional
        Results folder: finished values are read there, and nothing is written elsewhere. ``results/NAME`` without it.
    port : int
        0 takes a free one.
    allow_code : bool
        As in `scalith.ladder.read_study`.

    Returns
    -------
    Serving
        With ``url`` and ``stop()``.

    Raises
    ------
    MissingDependencyError
        Without ``pip install 'scalith[app]'``.
    """

    from scalith.app.noted_answers import NotedAnswers
    from scalith.unchanged import results_folder_of

    def make() -> Explorer:
        from scalith.app.explorer import Explorer, read_study_of

        return Explorer(*read_study_of(study, out, allow_code=allow_code))

    return Serving(make, port, None if allow_code else NotedAnswers.find(Path(study), results_folder_of(study, out)))


class Serving:
    """An explorer's page that is served from a thread of this process, until `stop`.

    Parameters
    ----------
    explorer : callable
        Makes the `Explorer`; it is called beside the server, so that the page is there at once.
    port : int
        0 takes a free one.
    noted : NotedAnswers, optional
        Shown until the `Explorer` is there.

    Attributes
    ----------
    url : str
        Address with its token.
    """

    def __init__(self, explorer: Callable[[], Explorer], port: int = 0, noted: NotedAnswers | None = None) -> None:
        try:
            import uvicorn
        except ImportError:
            raise MissingDependencyError("uvicorn", "scalith explore", "app") from None
        from scalith.app.server import application

        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
            self._socket.listen()  # who comes before the server runs, waits
        except OSError as error:
            self._socket.close()
            words = (error.strerror or str(error)).lower()
            raise InputError("explore", "--port", f"{port} ({words})", "a free port, or 0 for any") from None
        self.port: int = self._socket.getsockname()[1]
        self.token = secrets.token_urlsafe(24)
        self.url = f"http://127.0.0.1:{self.port}/?token={self.token}"
        self.explorer: Future[Explorer] = Future()
        threading.Thread(target=_resolve, args=(self.explorer, explorer, noted is not None), daemon=True).start()
        settings = uvicorn.Config(
            application(self.explorer, self.token, self.port, noted),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Serve until the study cannot be read, or for ever."""
        self.explorer.result()
        self._thread.join()

    def stop(self) -> None:
        """End the server."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def _repr_html_(self) -> str:
        """The page within a notebook."""
        return f"<iframe src='{self.url}' width='100%' height='900' style='border:0' title='Scalith explorer'></iframe>"


def _resolve(future: Future[Explorer], make: Callable[[], Explorer], is_shown: bool) -> None:
    """Make the explorer; where the page shows the study already, what a first change starts from is read now."""
    try:
        made = make()
        future.set_result(made)
    except BaseException as error:
        future.set_exception(error)
        return
    if is_shown:
        from scalith.app.explorer import Cancelled

        with suppress(ScalithError, Cancelled):  # it is said where it is asked for; whoever asks comes first
            made.answer({}, stopped=made.is_awaited)
