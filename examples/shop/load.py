# SPDX-License-Identifier: MIT
"""Drives the shop with real HTTP requests from several visitors at once.

    python load.py http://127.0.0.1:8000 --visitors 2000

Standard library only, loopback only, and always ends: after so many visitors or so
many seconds, whichever comes first. Prints one line with what was done.
"""

import argparse
import http.client
import random
import re
import sys
import threading
import time
import urllib.parse

SKU = re.compile(rb'/product/([A-Z0-9]+)"')


class Visitor:
    """One browser: keeps its cookie and its connection, as browsers do."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self.connection = http.client.HTTPConnection(host, port, timeout=10)
        self.headers = {"X-Visitor": name}
        self.requests = 0

    def send(self, method: str, path: str, body: str | None = None) -> bytes:
        """Make one request; an answer other than 2xx or 3xx ends the visit."""
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        page = response.read()
        self.requests += 1
        if response.status >= 400:
            raise http.client.HTTPException(f"{method} {path}: {response.status}")
        cookie = response.getheader("Set-Cookie")
        if cookie:
            self.headers["Cookie"] = cookie.partition(";")[0]
        return page

    def shop(self, dice: random.Random) -> None:
        """Look around, open some products, put one into the cart, perhaps pay."""
        skus = [sku.decode() for sku in SKU.findall(self.send("GET", "/"))]
        for sku in dice.sample(skus, 3):
            self.send("GET", f"/product/{sku}?q={dice.choice(('tea', 'gift', 'blue'))}")
        quantity = dice.randint(1, 3)
        self.send("POST", f"/cart/{dice.choice(skus)}", f"quantity={quantity}")
        if dice.random() < 0.3:
            self.send("POST", "/checkout", "")


class Load:
    """Shares the visitors among threads and adds up what they did."""

    def __init__(self, url: str, visitors: int, seconds: float, seed: int) -> None:
        address = urllib.parse.urlsplit(url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.names = iter(range(visitors))
        self.deadline = time.monotonic() + seconds
        self.seed = seed
        self.lock = threading.Lock()
        self.visitors = self.requests = 0
        self.errors: list[str] = []

    def next_visitor(self) -> int | None:
        """Return the number of the next visitor, None when it is enough."""
        with self.lock:
            late = time.monotonic() > self.deadline or len(self.errors) > 10
            return None if late else next(self.names, None)

    def work(self) -> None:
        """Send visitors through the shop, one after the other."""
        while (number := self.next_visitor()) is not None:
            visitor = Visitor(self.host, self.port, f"visitor-{number}")
            try:
                visitor.shop(random.Random(self.seed + number))
            except (OSError, http.client.HTTPException) as problem:
                with self.lock:
                    self.errors.append(str(problem))
            finally:
                visitor.connection.close()
            with self.lock:
                self.visitors += 1
                self.requests += visitor.requests


def main() -> int:
    """Return 0 when every request was answered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--visitors", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    load = Load(options.url, options.visitors, options.seconds, options.seed)
    started = time.monotonic()
    threads = [threading.Thread(target=load.work) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    print(f"{load.visitors} visitors, {load.requests} requests in {took:.1f} s")
    for error in load.errors[:3]:
        print(f"failed: {error}", file=sys.stderr)
    return 1 if load.errors else 0


if __name__ == "__main__":
    sys.exit(main())
