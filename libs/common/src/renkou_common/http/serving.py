"""Serving one port, with one process or several.

With several, the first process only takes connections in and hands each to the next of the others in turn:
left to the kernel, one process may get all of a few busy connections and another none. They are forked once the
application is built, so that its memory is shared. Each opens its own pool of connections; none leads: what has
to be done once for a service is done by its worker. When one ends by itself all end, and whoever started the
first starts it again; when the first is gone, the others see its end of the channel close and go too.
"""

import asyncio
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from itertools import cycle

import structlog
import uvicorn
from prometheus_client import REGISTRY, values
from prometheus_client.metrics import MetricWrapperBase

log = structlog.get_logger()
BACKLOG = 2048
_STOPPING_SECONDS = 14.0  # a process waits 10 for answers under way
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""About what a large answer is made of, in no cycle: looking through it while it is made took a fifth of the time."""
_HANDSHAKE_SECONDS = 10.0
_AGAIN_SECONDS = 1.0  # pause where no connection can be taken in, for want of file descriptors
_FULL_SECONDS = 0.01  # pause where no process takes one
METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def serve_port(config: uvicorn.Config, processes: int) -> None:
    """Run until SIGTERM or SIGINT; ends the process with a status other than 0 where serving failed."""
    gc.collect()
    gc.freeze()  # what the application is made of stays: not to be looked through, nor copied by the others
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    if processes == 1:
        uvicorn.Server(config).run()
        return
    listener = _listen(config.host, config.port)
    with tempfile.TemporaryDirectory(prefix="renkou-metrics-") as folder:
        _share_metrics(folder)
        children = _Children(config, processes, listener)
        status = asyncio.run(children.run())
    if status:
        sys.exit(status)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # passed on to every connection
    listener.bind(address)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _share_metrics(folder: str) -> None:
    """Keep what is counted from now on in files of ``folder``, so that any process can tell the sums.

    A metric without labels has had its value since its module was imported: it gets one that is kept there, too.
    """
    os.environ[METRICS_DIR] = folder
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    for metric in {id(each): each for each in REGISTRY._names_to_collectors.values()}.values():
        if isinstance(metric, MetricWrapperBase) and metric._is_observable():  # type: ignore[no-untyped-call]
            metric._metric_init()  # type: ignore[no-untyped-call]


class _Children:
    """The processes that answer, as the first process sees them: a channel to each."""

    def __init__(self, config: uvicorn.Config, number: int, listener: socket.socket) -> None:
        self._listener = listener
        self._channels: dict[socket.socket, int] = {}
        for _ in range(number):
            ours, theirs = socket.socketpair()
            process_id = os.fork()
            if process_id == 0:
                for other in (*self._channels, ours, listener):
                    other.close()
                _answer(config, theirs)
            theirs.close()
            ours.setblocking(False)
            self._channels[ours] = process_id
        self._turn = cycle(tuple(self._channels))
        self._over, self._gone = asyncio.Event(), asyncio.Event()
        self._status = 0
        self._held: socket.socket | None = None

    async def run(self) -> int:
        """Hand connections out until told to stop or a process ends; returns the status to end with."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        for channel in self._channels:
            loop.add_reader(channel, self._ended, channel)
        loop.add_reader(self._listener, self._take_in)
        await self._over.wait()
        loop.remove_reader(self._listener)
        self._listener.close()
        if self._held is not None:
            self._held.close()
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOPPING_SECONDS):
                await self._gone.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._gone.wait()
        return self._status

    def _take_in(self) -> None:
        """Take one connection and hand it to the next process that has room in its channel.

        Where none has, it is kept for a moment, and whoever comes meanwhile stands in the system's line.
        """
        if self._held is None:
            try:
                self._held, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("no connection can be taken in", error=repr(error))
                self._pause(_AGAIN_SECONDS)
                return
        if self._handed_on(self._held):
            self._held.close()
            self._held = None
        else:
            self._pause(_FULL_SECONDS)

    def _handed_on(self, connection: socket.socket) -> bool:
        for _ in self._channels:
            try:
                socket.send_fds(next(self._turn), [b"+"], [connection.fileno()])
            except OSError:
                continue  # its channel is full, or it is gone
            return True
        return False

    def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        loop.call_later(seconds, self._take_in_again)

    def _take_in_again(self) -> None:
        if self._over.is_set():
            return
        asyncio.get_running_loop().add_reader(self._listener, self._take_in)
        if self._held is not None:
            self._take_in()

    def _ended(self, channel: socket.socket) -> None:
        """Note that a process has closed its end of the channel, which it does by ending."""
        asyncio.get_running_loop().remove_reader(channel)
        _, status = os.waitpid(self._channels.pop(channel), 0)
        channel.close()
        if not self._over.is_set():
            self._status = os.waitstatus_to_exitcode(status) or 1
            log.error("a process that answers requests has ended", status=self._status)
        self._over.set()
        if not self._channels:
            self._gone.set()

    def _signal(self, number: signal.Signals) -> None:
        for process_id in self._channels.values():
            try:
                os.kill(process_id, number)
            except ProcessLookupError:
                continue


def _answer(config: uvicorn.Config, channel: socket.socket) -> None:
    """Be a process that answers requests; never returns."""
    status = 1
    try:
        _HandedServer(config, channel).run()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class _HandedServer(uvicorn.Server):
    """A server whose connections come through a channel."""

    def __init__(self, config: uvicorn.Config, channel: socket.socket) -> None:
        super().__init__(config)
        self._channel = channel
        self._opening: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then begin to take connections."""
        await super().startup(sockets=[])
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._take)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, finish the answers under way, stop the application."""
        asyncio.get_running_loop().remove_reader(self._channel)
        await super().shutdown(sockets=[])

    def _take(self) -> None:
        try:
            sign, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        except BlockingIOError:
            return
        if not sign:  # nobody is there any more to hand out connections or to wait for this process
            asyncio.get_running_loop().remove_reader(self._channel)
            self.should_exit = self.force_exit = True
            shutil.rmtree(os.environ[METRICS_DIR], ignore_errors=True)
            return
        for descriptor in descriptors:
            task = asyncio.create_task(self._open(socket.socket(fileno=descriptor)))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        wait = None if self.config.ssl is None else _HANDSHAKE_SECONDS
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol, connection, ssl=self.config.ssl, ssl_handshake_timeout=wait
            )
        except OSError as error:  # no TLS, another authority, or gone: the caller's affair
            log.debug("no connection was made", error=repr(error))

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
