# SPDX-License-Identifier: MIT
"""Web applications whose every request leaks: `wsgi` for gunicorn, `asgi` for uvicorn.

Both answer with the id of the process that did.
"""

import os

from leaky import leak


def wsgi(environ, start_response):
    """Leak and say who did."""
    leak()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


async def asgi(scope, receive, send):
    """Leak and say who did; the server's start and end are of no interest."""
    if scope["type"] != "http":
        return
    leak()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
