# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content security policy, tried: what a script that got in all the same could not do."""

from __future__ import annotations

import http.client
import http.server
import pathlib
import threading
import typing as t

import pytest
from playwright.sync_api import expect
from reader import until

if t.TYPE_CHECKING:
    from reader import Reader

    Paths = t.Callable[[str], pathlib.Path]

APPEND = "{ const one = document.createElement('%s'); one.%s; document.%s.append(one); }"
AWAY = "'http://127.0.0.1:9/x'"

WATCH = """() => { window.broken = [];
  document.addEventListener("securitypolicyviolation", event => window.broken.push(event.effectiveDirective)); }"""


class Listener(http.server.ThreadingHTTPServer):
    """A server that must hear nothing."""

    asked: t.ClassVar[list[str]] = []


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        Listener.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 -- the name that http.server asks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Say nothing."""


@pytest.fixture(scope="module")
def listener() -> t.Iterator[Listener]:
    """Return the server."""
    with Listener(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_listener_hears(listener: Listener) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", listener.server_port, timeout=10)
    connection.request("GET", "/own")
    assert connection.getresponse().status == 204
    connection.close()
    assert listener.asked == ["/own"]
    listener.asked.clear()


@pytest.mark.parametrize(
    ("attempt", "directive"),
    [
        ("fetch(%s).catch(() => null)" % AWAY, "connect-src"),
        (APPEND % ("img", "src = " + AWAY, "body"), "img-src"),
        (APPEND % ("img", "src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='", "body"), "img-src"),
        (APPEND % ("iframe", "src = " + AWAY, "body"), "frame-src"),
        (APPEND % ("style", "append('body{color:red}')", "head"), "style-src-elem"),
        ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
        ("document.body.setAttribute('onclick', 'window.ran = 1')", "require-trusted-types-for"),
        ("{ const one = document.body.appendChild(document.createElement('form')); one.action = %s; one.submit(); }" % AWAY, "form-action"),
        (APPEND % ("base", "href = " + AWAY, "head"), "base-uri"),
        ("document.body.innerHTML = '<b>x</b>'", "require-trusted-types-for"),
        ("document.write('<b>x</b>')", "require-trusted-types-for"),
        ("window.trustedTypes.createPolicy('mine', {createHTML: one => one})", "trusted-types"),
    ],
)  # fmt: skip
def test_it_forbids(loose: Reader, paths: Paths, listener: Listener, attempt: str, directive: str) -> None:
    page = loose.open(paths("1"))
    expect(page.locator("article.result").first).to_be_visible()
    page.evaluate(WATCH)
    page.evaluate(
        "() => { try { %s } catch (error) { window.refused = String(error); } }"
        % attempt.replace("127.0.0.1:9", "127.0.0.1:%d" % listener.server_port)
    )
    until(page, "() => window.broken.length > 0")
    assert directive in page.evaluate("window.broken")
    page.wait_for_timeout(100)
    assert listener.asked == []


def test_a_script_of_another_text_does_not_run(loose: Reader, paths: Paths, tmp_path: pathlib.Path) -> None:
    text = paths("1").read_text(encoding="utf-8")
    changed = tmp_path / "survey.html"
    changed.write_text(
        text.replace("</body>", "<script>window.ran = 1</script><b onclick='1'></b></body>"), encoding="utf-8"
    )
    page = loose.open(changed)
    expect(page.locator("article.result").first).to_be_visible()  # ours runs
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in loose.complaints)
