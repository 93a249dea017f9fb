#!/usr/bin/env python3
"""serve.py FILE [ranges] [cut N]: serves FILE on a free port of 127.0.0.1, which it prints first.

With `ranges` it resumes; with `cut N` the first answer breaks off after N bytes. Ends with stdin.
"""

import http.server
import re
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    data = b""
    ranges = False
    cut = 0

    def do_GET(self) -> None:
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if self.path == "/missing":
            self.send_error(404)
            return
        if wanted and Handler.ranges:
            start = int(wanted[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}")
        else:
            self.send_response(200)
        body = self.data[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        print(start, flush=True)
        if Handler.cut:
            body, Handler.cut = body[: Handler.cut], 0
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    words = sys.argv[2:]
    with open(sys.argv[1], "rb") as file:
        Handler.data = file.read()
    Handler.ranges = "ranges" in words
    Handler.cut = int(words[words.index("cut") + 1]) if "cut" in words else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
