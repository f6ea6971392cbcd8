"""A balancer without memory: each request goes to the next of its servers, whoever sent it; to
another one where that does not take connections. Handshakes have turns of their own, so that each
server gets as many sessions. What was passed on once is not passed on again."""

import http.client
import http.server
import socket
import threading
import urllib.parse

TIMEOUT_SECONDS = 120
# Of the connection, not of the message.
OWN_FIELDS = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def _address(url: str) -> tuple:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


class _handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words) -> None:
        pass

    def _connection(self):
        """To the next server that takes one; a socket."""
        for _ in self.server.backends:
            try:
                where = self.server.next_backend("sid=" not in self.path)
                return socket.create_connection(where, TIMEOUT_SECONDS)
            except OSError:
                continue
        return None

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        taken = self._connection()
        if taken is None:
            self.send_error(502)
            return
        if self.headers.get("Upgrade"):
            self._join(taken)
            return
        host, port = taken.getpeername()[:2]
        to = http.client.HTTPConnection(host, port)
        to.sock = taken
        try:
            fields = {k: v for k, v in self.headers.items() if k.lower() not in OWN_FIELDS}
            to.request(self.command, self.path, body or None, fields)
            reply = to.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        finally:
            to.close()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in OWN_FIELDS | {"date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_OPTIONS = _pass_on

    def _join(self, to: socket.socket) -> None:
        head = f"{self.command} {self.path} HTTP/1.1\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
        to.sendall(head.encode() + b"\r\n")
        to.settimeout(None)
        self.connection.settimeout(None)
        back = threading.Thread(target=self._copy, args=(to, self.connection), daemon=True)
        back.start()
        self._copy(self.connection, to)
        back.join()
        to.close()
        self.close_connection = True

    @staticmethod
    def _copy(source: socket.socket, to: socket.socket) -> None:
        try:
            while got := source.recv(65_536):
                to.sendall(got)
        except OSError:
            pass
        for one in (source, to):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class turning_proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *urls: str):
        super().__init__(("127.0.0.1", 0), _handler)
        self.backends = [_address(url) for url in urls]
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._turns = {True: 0, False: 0}
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address) -> None:
        """Clients may go while they are answered."""

    def next_backend(self, handshake: bool) -> tuple:
        with self._lock:
            self._turns[handshake] += 1
            return self.backends[self._turns[handshake] % len(self.backends)]

    def close(self) -> None:
        self.shutdown()
        self.server_close()
