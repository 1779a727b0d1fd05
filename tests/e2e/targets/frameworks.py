# SPDX-License-Identifier: MIT
"""A site made with Django and tables made with SQLAlchemy, asked a few dozen times."""

import os
import sys

import django
import sqlalchemy
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.urls import path
from sqlalchemy import orm

Base = orm.declarative_base()


class Author(Base):
    """Of books."""

    __tablename__ = "author"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.String)
    books = orm.relationship("Book", back_populates="author")


class Book(Base):
    """By an author."""

    __tablename__ = "book"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    author_id = sqlalchemy.Column(sqlalchemy.ForeignKey("author.id"))
    author = orm.relationship("Author", back_populates="books")


def hello(request):
    """A page with the users on it."""
    from django.contrib.auth.models import User  # only after the set-up

    page = engines["django"].from_string("{% for u in users %}{{ u.username }}{% endfor %}")
    return HttpResponse(page.render({"users": User.objects.all()}))


urlpatterns = [path("", hello)]


def ask_django():
    """Set up, make users, show the page."""
    applications = "admin auth contenttypes messages sessions".split()
    settings.configure(
        SECRET_KEY="secret", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[f"django.contrib.{name}" for name in applications],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    for number in range(20):
        User.objects.create(username=f"user{number}")
    return [Client().get("/") for _ in range(30)]


def ask_sqlalchemy():
    """Write authors and books, read them again."""
    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    session = orm.Session(engine)
    session.add_all(Author(name=str(n), books=[Book(), Book()]) for n in range(50))
    session.commit()
    return session, [(a, len(a.books)) for a in session.scalars(sqlalchemy.select(Author))]


kept = [ask_django(), ask_sqlalchemy()]
print("ready", os.getpid(), flush=True)
sys.stdin.read()
