"""Who may ask: this machine, this page, with the token, and no more than is taken."""

from __future__ import annotations

import json
import re
import socket

import pytest

from scalith.app.explorer import Explorer
from scalith.app.server import HEADER, LARGEST_QUESTION, LARGEST_UPLOAD

EVERY_CALL = [
    ("GET", "/plotly.js"),
    ("GET", "/about"),
    ("POST", "/climb"),
    ("POST", "/cancel"),
    ("POST", "/export"),
    ("POST", "/measured"),
]


@pytest.mark.parametrize(("method", "path"), [*EVERY_CALL, ("GET", "/"), ("GET", "/elsewhere")])
@pytest.mark.parametrize("token", [None, "wrong", "é"])
def test_nothing_without_the_token(ask, method, path, token):
    status, body, headers = ask(path, b"{}" if method == "POST" else None, token=None if token == "é" else token, method=method)
    assert status == 403
    assert "token" in json.loads(body)["error"]
    assert "Access-Control-Allow-Origin" not in headers


def test_a_token_in_the_address_opens_the_page_and_nothing_else(ask, serving):
    assert ask(f"/?token={serving.token}", token=None)[0] == 200
    assert ask(f"/about?token={serving.token}", token=None)[0] == 403
    assert ask(f"/?token={serving.token[:-1]}", token=None)[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost.evil.example", "127.0.0.1:1"])
def test_another_name_for_this_machine_is_refused(ask, host):
    status, body, _ = ask("/about", host=host)
    assert (status, json.loads(body)["error"]) == (403, "not the address of this page")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_page_is_refused(ask, origin):
    assert ask("/climb", {"changes": {}}, Origin=origin)[0] == 403
    assert ask("/climb", method="OPTIONS", Origin=origin)[0] == 403


def test_only_this_machine_is_listened_to(serving):
    assert serving._socket.getsockname()[0] == "127.0.0.1"


def test_more_than_is_taken_is_refused(ask, serving):
    assert ask("/climb", b"x" * (LARGEST_QUESTION + 1))[0] == 413
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as line:  # says little, would send much
        head = f"POST /measured HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n{HEADER}: {serving.token}\r\n"
        line.sendall(f"{head}Content-Length: {LARGEST_UPLOAD + 1}\r\n\r\n".encode())
        assert b" 413 " in line.recv(200)
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as line:  # does not say how much
        head = f"POST /climb HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n{HEADER}: {serving.token}\r\n"
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + 4 * piece)
        assert b" 413 " in line.recv(200)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"changes": 3}', b'{"changes": {"x": 1}}'])
def test_a_broken_question_gets_a_sentence(ask, body):
    status, said, _ = ask("/export", body)
    assert status == 422
    assert json.loads(said)["error"]


def test_the_page_loads_nothing_from_elsewhere_and_runs_its_own_script_only(ask, serving):
    _, page, headers = ask(f"/?token={serving.token}", token=None)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert re.search(r"script-src 'nonce-[\w-]+'(;|$)", policy)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    other = ask(f"/?token={serving.token}", token=None)[2]["Content-Security-Policy"]
    assert other != policy  # a nonce is used once
    assert headers["Referrer-Policy"] == "no-referrer"
    assert serving.token not in page


def test_the_study_is_described(ask):
    about = json.loads(ask("/about")[1])
    assert about["title"] == "a cell <b>& its</b> row"
    assert [view["name"] for view in about["views"]][:4] == ["material", "particle", "cell", "inside"]
    assert "<b>" not in about["ladder"]


def test_a_state_is_climbed_over_the_wire(climbed):
    found = climbed({"cell.separator.thickness": 2.8e-5}, view="cell")
    assert found["all"][-1] == {"event": "done"}
    assert found["figures"]["figures"][0]["quantity"] == "discharges"
    assert found["state"]["boxes"]["discharges"]["words"].startswith("1C ")


def test_a_wrong_value_is_one_sentence_and_the_next_question_is_answered(climbed):
    refused = climbed({"cell.separator.thickness": -1.0})["refused"]
    assert "thickness" in refused["message"]
    assert "done" in climbed({})


def test_a_crash_says_what_happened_and_the_server_goes_on(climbed, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Explorer, "said", lambda self, found: 1 / 0)
        assert climbed({})["crashed"]["message"] == "ZeroDivisionError: division by zero"
    assert "done" in climbed({})


def test_a_crash_of_any_other_call_is_said_as_well(ask, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Explorer, "about", lambda self: 1 / 0)
        status, said, headers = ask("/about")
    assert (status, json.loads(said)) == (500, {"error": "ZeroDivisionError: division by zero"})
    assert headers["Cache-Control"] == "no-store"
    assert ask("/about")[0] == 200


def test_a_later_question_of_a_tab_stops_its_earlier_one(ask, explorer):
    import threading

    answers = []
    with explorer.at({}):  # holds the climb, so that both questions wait
        first = threading.Thread(target=lambda: answers.append(ask("/climb", {"tab": "one", "changes": {}})[1]))
        first.start()
        first.join(0.5)
        assert first.is_alive()
        ask("/cancel", {"tab": "one"})
        first.join(20)
    assert json.loads(answers[0].splitlines()[-1]) == {"event": "cancelled"}


def test_a_port_that_is_taken_is_one_sentence(serving, explorer):
    from scalith.app.serving import Serving
    from scalith.quantities import InputError

    with pytest.raises(InputError, match="a free port, or 0 for any"):
        Serving(lambda: explorer, serving.port)


def test_a_notebook_shows_the_page(serving):
    assert serving.url in serving._repr_html_()
