"""A raw connection to a served port: heads that are too large, too slow or no HTTP; bodies that trickle."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

APPLICATION = Path(__file__).with_name("guarded.py")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(APPLICATION), str(found)])
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", found), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    yield found
    process.terminate()
    process.wait()


def exchange(port: int, sent: bytes) -> tuple[int, dict[str, object]]:
    """Send some bytes; returns the status and the problem that come back before the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


LONG = b"x" * 9_000
HEADERS = b"".join(b"X-%d: %s\r\n" % (n, LONG[:4_000]) for n in range(10))


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + LONG + b" HTTP/1.1\r\nHost: n\r\n\r\n", 414, "url_too_long"),
        (b"GET / HTTP/1.1\r\nHost: n\r\n" + HEADERS + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: n\r\nX: " + 60 * LONG, 431, "headers_too_large"),
        (b"NONSENSE\r\n\r\n", 400, "http_400"),
        (
            b"GET / HTTP/1.1\r\nHost: n\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "http_400",
        ),
    ],
    ids=["url", "headers", "one header", "nonsense", "two lengths"],
)
def test_a_head_that_no_client_of_ours_sends_is_refused(
    port: int, sent: bytes, status: int, code: str
) -> None:
    answered, problem = exchange(port, sent)
    assert (answered, problem["status"], problem["code"]) == (status, status, code)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: n\r\nX: ", 431),
        (
            b"POST /public/things HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\n"
            b"Content-Length: 90000000\r\n\r\n",
            413,
        ),
    ],
    ids=["head", "body"],
)
def test_a_caller_who_is_still_sending_gets_the_answer(port: int, head: bytes, status: int) -> None:
    """Who hangs up on what was not read has the system throw away the answer too."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head + 80 * LONG)
        assert connection.recv(1, socket.MSG_PEEK) == b"H"
        for _ in range(20):
            connection.sendall(10 * LONG)
        received = b""
        while part := connection.recv(65536):
            received += part
    assert int(received.split()[1]) == status


def answer(connection: socket.socket, sent: bytes) -> tuple[int, bytes, bytes]:
    """Send a request; returns status, head and body of its answer, with a length as all of ours have."""
    connection.sendall(sent)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), head, body


def asked(method: bytes, path: bytes, more: bytes = b"") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\nHost: n\r\n" + more + b"\r\n"


def test_readings_are_turned_away_unread_while_a_service_is_busy(port: int) -> None:
    reading = asked(b"GET", b"/public/nothing")
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as caller,
        socket.create_connection(("127.0.0.1", port), timeout=20) as machinery,
    ):
        assert answer(caller, reading)[0] == 200
        assert answer(machinery, asked(b"POST", b"/health/line/1000"))[0] == 200
        # at the door, and by the usual way: a head in two pieces, one with an end of its own
        caller.sendall(reading[:30])
        whole = answer(caller, reading[30:])
        for status, head, body in (answer(caller, reading), answer(caller, reading), whole):
            problem = json.loads(body)
            assert (status, problem["status"], problem["code"]) == (503, 503, "overloaded")
            assert b"retry-after: " in head.lower()
            assert b"content-security-policy: " in head.lower()
            assert f"x-trace-id: {problem['trace_id']}".encode() in head
        assert answer(machinery, asked(b"GET", b"/health/live"))[0] == 200
        assert b"http_turned_away_total 2.0" in answer(machinery, asked(b"GET", b"/metrics"))[2]
        assert answer(machinery, asked(b"POST", b"/health/line/0"))[0] == 200
        assert answer(caller, reading)[0] == 200
        assert answer(caller, asked(b"GET", b"/public/nothing", b"Connection: close\r\n"))[0] == 200


CHUNKED = (
    b"POST /public/things HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize(
    "begun",
    [
        CHUNKED + b"2\r\n{}\r\n0\r\nX: ",
        CHUNKED.replace(b"POST /public/things", b"GET /health/live") + b"0\r\nX: ",
        CHUNKED + b"2;x=",
    ],
    ids=["trailer", "trailer after the answer", "chunk"],
)
def test_what_belongs_to_no_head_and_no_body_has_an_end(port: int, begun: bytes) -> None:
    """A parser keeps all of a trailer until its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(begun)
        since = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < since + 20:
                connection.sendall(LONG)
                time.sleep(0.001)
    assert time.monotonic() - since < 10


def test_the_rest_of_a_body_that_nobody_reads_gets_a_moment_only(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: n\r\nContent-Length: 1000000\r\nAuthorization: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
        begun = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < begun + 20:
                connection.sendall(b"x")
                time.sleep(0.05)
    assert time.monotonic() - begun < 10


def test_after_a_body_that_nobody_read_the_connection_is_as_good_as_before(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: n\r\nContent-Length: 4000\r\nAuthorization: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(3):
            connection.sendall(head)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 404")
            connection.sendall(b"x" * 4000)


def test_a_caller_who_never_ends_is_hung_up_on(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        begun = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: n\r\nX: ")
        try:
            while time.monotonic() < begun + 20:
                connection.sendall(LONG)
                time.sleep(0.001)
        except ConnectionError:
            pass
    assert time.monotonic() - begun < 10


POST = b"POST /public/things HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\n"
ODD_HEADS = {
    "two lengths that differ": POST + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
    "one length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "an unknown encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two encodings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a chunk's size as C writes it": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "two hosts": GET + b"Host: n\r\nHost: elsewhere.example\r\n\r\n",
    "no host": GET + b"Accept: */*\r\n\r\n",
    "a space before the colon": GET + b"Host : n\r\n\r\n",
    "a folded header": GET + b"Host: n\r\nX: a\r\n b\r\n\r\n",
    "line feeds alone": GET.replace(b"\r", b"") + b"Host: n\n\n",
    "a carriage return within": GET + b"Host: n\r\nX: a\rY: b\r\n\r\n",
    "a zero byte": GET + b"Host: n\r\nX: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("sent", ODD_HEADS.values(), ids=ODD_HEADS)
def test_a_head_that_two_servers_may_read_differently_is_refused(port: int, sent: bytes) -> None:
    """A request within a request (request smuggling), or another host than a proxy looked at."""
    status, problem = exchange(port, sent)
    assert (status, problem["code"]) == (400, "http_400")


@pytest.mark.parametrize("where", ["path", "query", "traceparent", "idempotency-key"])
def test_a_line_that_is_sent_along_becomes_no_header_of_the_answer(port: int, where: str) -> None:
    lines = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"
    path = {"path": f"/nowhere{lines}", "query": f"/health/live?q={lines}"}.get(where, "/health/live")
    more = "" if where in ("path", "query") else f"{where}: {lines}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: n\r\n{more}Connection: close\r\n\r\n".encode())
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"set-cookie" not in head.lower()
    assert b"<script>" not in received
    assert json.loads(body)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /health/live HTT", b"GET /health/live HTTP/1.1\r\nHost: n\r\nX-A: "]
)
def test_a_head_that_does_not_end_ends_the_connection(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        begun = time.monotonic()
        assert connection.recv(100) == b""
    assert time.monotonic() - begun < 5


def test_a_body_that_does_not_come_ends_the_connection(port: int) -> None:
    head = b"POST /public/things HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
    status, problem = exchange(port, head)
    assert (status, problem["code"]) == (408, "body_too_slow")


def test_a_connection_may_be_used_again_and_tells_nothing_of_the_server(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(3):
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: n\r\n\r\n")
            received = b""
            while b"alive" not in received:
                received += connection.recv(65536)
            assert received.startswith(b"HTTP/1.1 200")
            assert b"\r\nserver:" not in received.lower()


def test_a_part_of_an_answer_leaves_when_it_is_made(port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as reader,
        socket.create_connection(("127.0.0.1", port), timeout=20) as other,
    ):
        reader.sendall(b"GET /public/parts HTTP/1.1\r\nHost: n\r\n\r\n")
        received = b""
        while b"first" not in received:
            received += reader.recv(65536)
        assert b"second" not in received
        other.sendall(b"GET /public/more HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n")
        large = b""
        while part := other.recv(65536):
            large += part
        assert large.endswith(b'"' + 100_000 * b"x" + b'"')
        while not received.endswith(b"0\r\n\r\n"):
            received += reader.recv(65536)
        assert b"second" in received


def test_a_head_and_its_body_leave_as_one(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(20):
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: n\r\n\r\n")
            assert b"alive" in connection.recv(65536)
