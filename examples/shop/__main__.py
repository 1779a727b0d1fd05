# SPDX-License-Identifier: MIT
"""Serves the shop with waitress, a threaded WSGI server: `python -m shop`."""

import argparse
import signal
import sys

import waitress

from shop.app import create_app


def main() -> None:
    """Bind first, then say `ready`: whoever waits for that line can connect at once."""
    parser = argparse.ArgumentParser(prog="shop")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()

    server = waitress.create_server(
        create_app(), host="127.0.0.1", port=options.port, threads=options.threads
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # waitress then shuts down
    print(f"ready http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
