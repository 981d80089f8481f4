"""A network between an SDK and the server that fails on a script.

Every POST of events takes the next fault off the list; with none left it passes through:
  503-before  answered 503, the server never sees the request
  503-after   the server stores the request, but the SDK is told 503 and sends it again
  429         answered 429 with `Retry-After: 1`, the server never sees the request
Everything else (settings, CORS preflights, metrics) passes through. Headers go through unchanged, `Host` too, so what
the server derives from it names this proxy. `GET /fault-proxy/log` tells what happened.

Prints its own URL as its first line.
"""

import argparse
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class FaultProxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = ""
    faults = []
    log = []
    lock = threading.Lock()

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/fault-proxy/log":
            return self.answer(200, [], json.dumps(self.log).encode())
        entry = {"method": self.command, "path": self.path, "fault": self.next_fault(), "stored": None}
        if entry["fault"] in (None, "503-after"):
            status, headers, content = self.forward(body)
            entry["stored"] = status
        if entry["fault"]:
            status, headers, content = self.failure(entry["fault"])
        entry["answered"] = status
        with self.lock:
            self.log.append(entry)
        self.answer(status, headers, content)

    do_GET = do_POST = do_OPTIONS = handle_any

    def next_fault(self):
        path = urlsplit(self.path).path.rstrip("/")
        if self.command != "POST" or path.endswith("/m"):
            return None
        with self.lock:
            return self.faults.pop(0) if self.faults else None

    def failure(self, fault):
        status = int(fault[:3])
        # A browser hides an answer without this header from its SDK.
        headers = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Retry-After")]
        if status == 429:
            headers.append(("Retry-After", "1"))
        return status, headers, json.dumps({"code": "fault", "message": f"{fault} by the fault proxy"}).encode()

    def forward(self, body):
        target = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        return response.status, headers, content

    def answer(self, status, headers, content):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--upstream", required=True, help="URL of the server")
    options.add_argument("--faults", default="", help="comma-separated, in order")
    chosen = options.parse_args()
    FaultProxy.upstream = chosen.upstream
    FaultProxy.faults = [fault for fault in chosen.faults.split(",") if fault]
    server = ThreadingHTTPServer(("127.0.0.1", 0), FaultProxy)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
