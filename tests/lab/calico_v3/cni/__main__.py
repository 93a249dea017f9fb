"""Calico's CNI plugins v3.32.1, a stand-in for the lab: one program, which is what its file is called."""

import os
import signal
import sys

import calico
import calico_ipam


def main() -> int:
    name = os.path.basename(sys.argv[0])
    roles = {"calico": calico.main, "calico-ipam": calico_ipam.main}
    if name not in roles:
        print(f"panic: Unknown binary name: {name}", file=sys.stderr)
        return 2
    return roles[name](sys.argv[1:])


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
