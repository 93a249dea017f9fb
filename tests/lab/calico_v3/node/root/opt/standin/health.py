"""Felix' own health, over HTTP on this host; only where it is asked for."""

import configparser
import http.server
import os
import threading

PORT = 9099
CONFIG = "/etc/calico/felix.cfg"


def enabled() -> bool:
    """The environment's word over the file's."""
    word = os.environ.get("FELIX_HEALTHENABLED", "")
    if not word and os.path.exists(CONFIG):
        file = configparser.ConfigParser()
        file.read(CONFIG)
        word = file.get("global", "HealthEnabled", fallback="")
    return word.lower() in ("true", "1", "yes")


def serve(policy) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = self.path == "/liveness" or (self.path == "/readiness" and policy.in_sync)
            self.send_response(204 if good else 503)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
