"""A line to a server that a test can cut and mend."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """A line to a server that can be cut: open connections end, new ones are refused."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target, self._ends = target, set[socket.socket]()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._accept()

    def _listen(self, port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(64)
        return made

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                here, _ = listener.accept()
                there = socket.create_connection(self._target)
            except OSError:
                return
            self._ends |= {here, there}
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        self._end(source, sink)

    def _end(self, *ends: socket.socket) -> None:
        for one in ends:
            self._ends.discard(one)
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self) -> None:
        """End what is open and let nothing through."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._end(*self._ends)

    def mend(self) -> None:
        """Let everything through again, at the same address."""
        self._listener = self._listen(self.port)
        self._accept()
