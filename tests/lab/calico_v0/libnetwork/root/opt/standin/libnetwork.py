"""The libnetwork driver's container: a socket where Docker looks for plugins, and no more."""

import os
import signal
import socket
import sys

PATH = "/run/docker/plugins/calico.sock"

os.makedirs(os.path.dirname(PATH), exist_ok=True)
if os.path.exists(PATH):
    os.unlink(PATH)
listener = socket.socket(socket.AF_UNIX)
listener.bind(PATH)
listener.listen()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("stand-in of calico/node-libnetwork v0.9.0", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n')
