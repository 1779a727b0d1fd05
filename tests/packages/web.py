# SPDX-License-Identifier: MIT
"""Exercises: frameworks, servers and clients of the web."""

import asyncio
import http.server
import io
import socket
import threading

from exercises import exercise


def _answers():
    """Start a small HTTP server in a thread; returns it and its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"you asked for {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, "http://127.0.0.1:%d" % server.server_address[1]


def _environ(path):
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "q=1",
        "SERVER_NAME": "test", "SERVER_PORT": "80", "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }


@exercise
def aiohttp():
    from aiohttp import ClientSession, web

    async def hello(request):
        return web.json_response({"name": request.match_info["name"]})

    async def work():
        app = web.Application()
        app.router.add_get("/{name}", hello)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        async with ClientSession() as session:
            answers = []
            for name in ("a", "b", "c"):
                async with session.get(f"http://127.0.0.1:{port}/{name}") as answer:
                    answers.append((answer, await answer.json()))
        await runner.cleanup()
        return app, answers

    return asyncio.run(work())


@exercise
def bottle():
    import bottle

    app = bottle.Bottle()
    app.route("/hello/<name>", callback=lambda name: {"hello": name})
    started = []
    body = b"".join(app(_environ("/hello/you"), lambda *args: started.append(args)))
    assert b"you" in body
    return app, body, started


@exercise
def django():
    import django
    from django.conf import settings
    from django.db import connection, models
    from django.http import JsonResponse
    from django.urls import path

    settings.configure(
        DEBUG=True, ROOT_URLCONF="django_exercise_urls", ALLOWED_HOSTS=["*"],
        SECRET_KEY="exercise", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                               "NAME": ":memory:"}},
    )
    django.setup()

    class Book(models.Model):
        title = models.CharField(max_length=100)

        class Meta:
            app_label = "exercise"

    with connection.schema_editor() as editor:
        editor.create_model(Book)
    for n in range(100):
        Book.objects.create(title=f"book {n}")

    import sys
    import types
    urls = types.ModuleType("django_exercise_urls")
    urls.urlpatterns = [
        path("books/", lambda request: JsonResponse({"count": Book.objects.count()}))
    ]
    sys.modules["django_exercise_urls"] = urls
    from django.test import Client

    client = Client()
    answer = client.get("/books/")
    assert answer.json() == {"count": 100}
    return client, answer, list(Book.objects.filter(title__contains="1")), Book


@exercise
def fastapi():
    import fastapi
    import pydantic

    class Item(pydantic.BaseModel):
        name: str
        price: float = 1.0

    app = fastapi.FastAPI()

    @app.post("/items")
    async def make(item: Item) -> Item:
        return item

    return app, app.openapi(), _asgi(app, "POST", "/items", b'{"name": "x"}'), Item


def _asgi(app, method, path, body=b""):
    """One request to an ASGI application, without a server."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"content-type", b"application/json"), (b"host", b"test")],
        "server": ("test", 80), "client": ("test", 1), "asgi": {"version": "3.0"},
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 200, sent
    return sent


@exercise
def flask():
    import flask

    app = flask.Flask("exercise")

    @app.route("/hello/<name>")
    def hello(name):
        return flask.render_template_string("Hello {{ name }}!", name=name)

    client = app.test_client()
    answers = [client.get(f"/hello/{n}") for n in range(20)]
    assert answers[3].data == b"Hello 3!"
    return app, client, answers


@exercise
def gevent():
    import gevent
    import gevent.event
    import gevent.queue

    queue = gevent.queue.Queue()
    done = gevent.event.Event()

    def produce(n):
        local = [f"item {n}"]
        queue.put(local)
        done.wait()
        return local

    greenlets = [gevent.spawn(produce, n) for n in range(20)]
    gevent.sleep(0.01)
    return greenlets, queue, done  # twenty suspended greenlets


@exercise
def greenlet():
    import greenlet

    class Local:
        def __init__(self, n):
            self.values = [f"value {n} {i}" for i in range(10)]

    def wait(n):
        inner = Local(n)
        greenlet.getcurrent().parent.switch(n)
        return inner

    def work(n):
        outer = Local(n)
        return outer, list(map(wait, [n]))  # from 3.12 on, a frame on the C stack between

    suspended = [greenlet.greenlet(work) for _ in range(20)]
    assert [g.switch(n) for n, g in enumerate(suspended)] == list(range(20))
    return suspended


@exercise
def gunicorn():
    from gunicorn.config import Config
    from gunicorn.http import RequestParser
    from gunicorn.http.wsgi import default_environ

    class Socket:
        def getsockname(self):
            return ("127.0.0.1", 80)

    config = Config()
    config.set("workers", 3)
    text = b"GET /path?q=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n"
    request = next(iter(RequestParser(config, iter([text * 2]), ("127.0.0.1", 9))))
    return config, request, default_environ(request, Socket(), config)


@exercise
def httpx():
    import httpx

    server, url = _answers()
    client = httpx.Client(trust_env=False)
    answers = [client.get(f"{url}/{n}") for n in range(10)]
    assert answers[4].text == "you asked for /4"
    return server, client, answers


@exercise
def jinja2():
    import jinja2

    env = jinja2.Environment(loader=jinja2.DictLoader({
        "base": "<h1>{% block title %}{% endblock %}</h1>{% macro m(x) %}{{ x }}{% endmacro %}",
        "page": "{% extends 'base' %}{% block title %}{% for i in items %}{{ i|upper }}"
                "{% endfor %}{% endblock %}",
    }))
    page = env.get_template("page")
    assert page.render(items="abc") == "<h1>ABC</h1>"
    return env, page, [page.generate(items="xyz") for _ in range(5)]


@exercise
def requests():
    import requests

    server, url = _answers()
    session = requests.Session()
    session.trust_env = False
    answers = [session.get(f"{url}/{n}") for n in range(10)]
    assert answers[4].text == "you asked for /4"
    return server, session, answers


@exercise
def starlette():
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def home(request):
        return JSONResponse({"path": request.url.path})

    app = Starlette(routes=[Route("/home", home)])
    return app, _asgi(app, "GET", "/home")


@exercise
def tornado():
    import tornado.httpclient
    import tornado.httpserver
    import tornado.testing
    import tornado.web

    class Hello(tornado.web.RequestHandler):
        def get(self, name):
            self.write({"hello": name})

    async def work():
        app = tornado.web.Application([("/(.*)", Hello)])
        server = tornado.httpserver.HTTPServer(app)
        sock, port = tornado.testing.bind_unused_port()
        server.add_sockets([sock])
        client = tornado.httpclient.AsyncHTTPClient()
        answers = [await client.fetch(f"http://127.0.0.1:{port}/{n}") for n in range(5)]
        server.stop()
        return app, server, answers

    return asyncio.run(work())


@exercise
def urllib3():
    import urllib3

    server, url = _answers()
    pool = urllib3.PoolManager()
    answers = [pool.request("GET", f"{url}/{n}") for n in range(10)]
    assert answers[4].data == b"you asked for /4"
    return server, pool, answers


@exercise
def uvicorn():
    import time
    import urllib.request

    import uvicorn

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": scope["path"].encode()})

    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    threading.Thread(target=server.run, args=([sock],), daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    url = "http://127.0.0.1:%d/deep/down" % sock.getsockname()[1]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(url).read() == b"/deep/down"
    return server, sock


@exercise
def werkzeug():
    from werkzeug.routing import Map, Rule
    from werkzeug.test import Client
    from werkzeug.wrappers import Request, Response

    urls = Map([Rule("/page/<int:n>", endpoint="page")])

    @Request.application
    def app(request):
        endpoint, values = urls.bind_to_environ(request.environ).match()
        return Response(f"{endpoint} {values['n']}")

    client = Client(app)
    answers = [client.get(f"/page/{n}") for n in range(10)]
    assert answers[7].text == "page 7"
    return urls, client, answers
