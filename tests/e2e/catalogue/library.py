# SPDX-License-Identifier: MIT
"""Objects of the standard library that are made in C, and some in Python."""

from holders import holder


@holder("<native>.__self__", root="native", needs=["_sqlite3"])
def sqlite_function(held):
    """A function given to sqlite3"""
    import sqlite3

    type(held).call = lambda self, value: value
    sqlite_function.kept = sqlite3.connect(":memory:")
    sqlite_function.kept.create_function("mine", 1, held.call)


@holder("library.sqlite_trace.kept.trace_ctx.__self__", needs=["_sqlite3"])
def sqlite_trace(held):
    """The trace callback of an sqlite3 connection"""
    import sqlite3

    type(held).call = lambda self, text: None
    sqlite_trace.kept = sqlite3.connect(":memory:")
    sqlite_trace.kept.set_trace_callback(held.call)


@holder("library.sqlite_row_factory.kept.row_factory.__self__", needs=["_sqlite3"])
def sqlite_row_factory(held):
    """The row factory of an sqlite3 connection"""
    import sqlite3

    type(held).make = lambda self, cursor, row: row
    sqlite_row_factory.kept = sqlite3.connect(":memory:")
    sqlite_row_factory.kept.row_factory = held.make


@holder("library.sqlite_text_factory.kept.text_factory", needs=["_sqlite3"])
def sqlite_text_factory(held):
    """The text factory of an sqlite3 connection"""
    import sqlite3

    sqlite_text_factory.kept = sqlite3.connect(":memory:")
    sqlite_text_factory.kept.text_factory = held


@holder("library.sqlite_cursor.kept.connection.mine", needs=["_sqlite3"])
def sqlite_cursor(held):
    """The connection of an sqlite3 cursor"""
    import sqlite3

    class Connection(sqlite3.Connection):
        pass

    connection = sqlite3.connect(":memory:", factory=Connection)
    connection.mine = held
    sqlite_cursor.kept = connection.cursor()


@holder("library.ssl_attribute.kept.mine", needs=["_ssl"])
def ssl_attribute(held):
    """An attribute of an SSLContext"""
    import ssl

    ssl_attribute.kept = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ssl_attribute.kept.mine = held


@holder("library.ssl_sni_callback.kept.sni_callback.__self__", needs=["_ssl"])
def ssl_sni_callback(held):
    """The SNI callback of an SSLContext"""
    import ssl

    type(held).call = lambda self, *what: None
    ssl_sni_callback.kept = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ssl_sni_callback.kept.sni_callback = held.call


@holder("library.ssl_object.kept._sslobj.context.mine", needs=["_ssl"])
def ssl_object(held):
    """The context of an SSLObject"""
    import ssl

    context = ssl.create_default_context()
    context.mine = held
    ssl_object.kept = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(),
                                       server_hostname="x")


@holder("library.json_default.kept.default.__self__")
def json_default(held):
    """The default function of a JSONEncoder"""
    import json

    type(held).convert = lambda self, value: None
    json_default.kept = json.JSONEncoder(default=held.convert)


@holder("library.json_scanner.kept.object_hook.__self__")
def json_scanner(held):
    """The object hook of json's scanner, which is made in C"""
    import json

    type(held).convert = lambda self, value: None
    json_scanner.kept = json.JSONDecoder(object_hook=held.convert).scan_once


@holder("library.json_encoder.kept.default.__self__")
def json_encoder(held):
    """The default function of json's encoder that is made in C"""
    import json.encoder

    type(held).convert = lambda self, value: None
    json_encoder.kept = json.encoder.c_make_encoder(
        None, held.convert, json.encoder.encode_basestring_ascii, None, ":", ",",
        False, False, True)


@holder("library.sched_event.kept._queue[0].argument[0]")
def sched_event(held):
    """An argument of a sched event"""
    import sched

    sched_event.kept = sched.scheduler()
    sched_event.kept.enter(1e6, 1, print, (held,))


@holder("library.selector_data.kept._fd_to_key[?*].data")
def selector_data(held):
    """The data of a file registered with a selector"""
    import selectors
    import socket

    selector_data.files = socket.socketpair()
    selector_data.kept = selectors.DefaultSelector()
    selector_data.kept.register(selector_data.files[0], selectors.EVENT_READ, held)


@holder("library.unpickler_persistent.kept.persistent_load.__self__")
def unpickler_persistent(held):
    """The persistent_load of an Unpickler"""
    import io
    import pickle

    class Reader(pickle.Unpickler):
        pass

    type(held).load = lambda self, key: None
    unpickler_persistent.kept = Reader(io.BytesIO())
    unpickler_persistent.kept.persistent_load = held.load


@holder("library.unpickler_memo.kept.memo[0]")
def unpickler_memo(held):
    """What an Unpickler has loaded"""
    import io
    import pickle

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return box.pop

    box = [held]
    del held
    kept = Reader(io.BytesIO(b"cmodule\nname\n(tR\x94."))
    kept.load()
    unpickler_memo.kept = kept


@holder("library.unpickler_file.kept.read*.__self__.mine")
def unpickler_file(held):
    """The file of an Unpickler"""
    import io
    import pickle

    class File(io.BytesIO):
        pass

    file = File()
    file.mine = held
    unpickler_file.kept = pickle.Unpickler(file)


@holder("library.pickler_memo.kept.memo[*]")
def pickler_memo(held):
    """What a Pickler has written"""
    import io
    import pickle

    type(held).__reduce__ = lambda self: (dict, ())
    pickler_memo.kept = pickle.Pickler(io.BytesIO())
    pickler_memo.kept.dump(held)


@holder("library.pickler_table.kept.dispatch_table[<class *>].__self__")
def pickler_table(held):
    """A function in the dispatch table of a Pickler"""
    import io
    import pickle

    type(held).reduce = lambda self, value: (int, ())
    pickler_table.kept = pickle.Pickler(io.BytesIO())
    pickler_table.kept.dispatch_table = {complex: held.reduce}


@holder("library.csv_writer.kept.write.__self__")
def csv_writer(held):
    """The file of a csv writer"""
    import csv

    type(held).write = lambda self, text: None
    csv_writer.kept = csv.writer(held)


@holder("library.csv_reader.kept.input_iter.gi_frame.f_locals['mine']")
def csv_reader(held):
    """Where a csv reader reads from"""
    import csv

    def lines(mine):
        yield "a,b"

    csv_reader.kept = csv.reader(lines(held))


@holder("library.expat_handler.kept.StartElementHandler.__self__", needs=["pyexpat"])
def expat_handler(held):
    """A handler of an expat parser"""
    import xml.parsers.expat

    type(held).start = lambda self, name, attributes: None
    expat_handler.kept = xml.parsers.expat.ParserCreate()
    expat_handler.kept.StartElementHandler = held.start


@holder("library.expat_intern.kept.intern['mine']", needs=["pyexpat"])
def expat_intern(held):
    """The table of names of an expat parser"""
    import xml.parsers.expat

    expat_intern.kept = xml.parsers.expat.ParserCreate(intern={"mine": held})


@holder("library.element_text.kept.text")
def element_text(held):
    """The text of an XML element"""
    import xml.etree.ElementTree as tree

    element_text.kept = tree.Element("root")
    element_text.kept.text = held


@holder("library.element_child.kept[1].tail")
def element_child(held):
    """A child of an XML element"""
    import xml.etree.ElementTree as tree

    element_child.kept = tree.Element("root")
    tree.SubElement(element_child.kept, "first")
    tree.SubElement(element_child.kept, "second").tail = held


@holder("library.element_attribute.kept.attrib['mine']")
def element_attribute(held):
    """An attribute of an XML element"""
    import xml.etree.ElementTree as tree

    element_attribute.kept = tree.Element("root", {"mine": held})


@holder("library.element_tree.kept._root[0].tag")
def element_tree(held):
    """A tree of XML elements"""
    import xml.etree.ElementTree as tree

    element_tree.kept = tree.ElementTree(tree.Element("root"))
    tree.SubElement(element_tree.kept.getroot(), held)


@holder("library.tree_builder.kept.root.text")
def tree_builder(held):
    """An element that a TreeBuilder is building"""
    import xml.etree.ElementTree as tree

    tree_builder.kept = tree.TreeBuilder()
    tree_builder.kept.start("root", {}).text = held


@holder("library.xml_parser.kept.target")
def xml_parser(held):
    """The target of an XMLParser"""
    import xml.etree.ElementTree as tree

    xml_parser.kept = tree.XMLParser(target=held)


@holder("library.text_wrapper.kept.buffer.raw.mine")
def text_wrapper(held):
    """The raw file under a TextIOWrapper"""
    import io

    class Raw(io.RawIOBase):
        def readable(self):
            return True

    raw = Raw()
    raw.mine = held
    text_wrapper.kept = io.TextIOWrapper(io.BufferedReader(raw))


@holder("library.buffered_writer.kept.raw.mine")
def buffered_writer(held):
    """The raw file under a BufferedWriter"""
    import io

    class Raw(io.RawIOBase):
        def writable(self):
            return True

    raw = Raw()
    raw.mine = held
    buffered_writer.kept = io.BufferedWriter(raw)


@holder("library.buffered_pair.kept.writer.raw.mine")
def buffered_pair(held):
    """The files of a BufferedRWPair"""
    import io

    class Raw(io.RawIOBase):
        def readable(self):
            return True

        def writable(self):
            return True

    raw = Raw()
    raw.mine = held
    buffered_pair.kept = io.BufferedRWPair(Raw(), raw)


@holder("library.bytes_io_subclass.kept.mine")
def bytes_io_subclass(held):
    """An attribute of a subclass of BytesIO"""
    import io

    class Buffer(io.BytesIO):
        pass

    bytes_io_subclass.kept = Buffer(b"data")
    bytes_io_subclass.kept.mine = held


@holder("library.bytes_io_plain.kept.mine")
def bytes_io_plain(held):
    """An attribute of a BytesIO"""
    import io

    bytes_io_plain.kept = io.BytesIO()
    bytes_io_plain.kept.mine = held


@holder("library.string_io.kept.mine")
def string_io(held):
    """An attribute of a StringIO"""
    import io

    string_io.kept = io.StringIO()
    string_io.kept.mine = held


@holder("library.file_attribute.kept.buffer.raw.mine")
def file_attribute(held):
    """An attribute of a file"""
    file_attribute.kept = open("/dev/null")
    file_attribute.kept.buffer.raw.mine = held


@holder(gone=True)
def file_name(held):
    """The path object that a file was opened with"""
    type(held).__fspath__ = lambda self: "/dev/null"
    file_name.kept = open(held)


@holder("library.decoder.kept.decoder.mine")
def decoder(held):
    """The decoder of a TextIOWrapper"""
    import codecs
    import io

    class Decoder(codecs.IncrementalDecoder):
        def decode(self, data, final=False):
            return data.decode()

    decoder_of = Decoder()
    decoder_of.mine = held
    decoder.kept = io.IncrementalNewlineDecoder(decoder_of, True)


@holder("library.socket_subclass.kept.mine")
def socket_subclass(held):
    """An attribute of a subclass of socket"""
    import socket

    class Socket(socket.socket):
        pass

    socket_subclass.kept = Socket()
    socket_subclass.kept.mine = held


@holder("library.socket_file.kept.raw._sock.mine")
def socket_file(held):
    """The socket under a file made by makefile()"""
    import socket

    class Socket(socket.socket):
        pass

    connection = Socket()
    connection.mine = held
    socket_file.kept = connection.makefile("rb")


@holder("library.decimal_context.kept.mine", needs=["_decimal"])
def decimal_context(held):
    """A decimal context"""
    import decimal

    class Context(decimal.Context):
        pass

    decimal_context.kept = Context()
    decimal_context.kept.mine = held


@holder("library.datetime_zone.kept.tzinfo.mine")
def datetime_zone(held):
    """The time zone of a datetime"""
    import datetime

    class Zone(datetime.tzinfo):
        pass

    zone = Zone()
    zone.mine = held
    datetime_zone.kept = datetime.datetime(2000, 1, 1, tzinfo=zone)


@holder("library.time_zone.kept.tzinfo.mine")
def time_zone(held):
    """The time zone of a datetime.time"""
    import datetime

    class Zone(datetime.tzinfo):
        pass

    zone = Zone()
    zone.mine = held
    time_zone.kept = datetime.time(1, tzinfo=zone)


@holder("library.timezone_name.kept.name.mine")
def timezone_name(held):
    """The name of a datetime.timezone"""
    import datetime

    class Name(str):
        pass

    name = Name("here")
    name.mine = held
    timezone_name.kept = datetime.timezone(datetime.timedelta(hours=1), name)


@holder("library.attrgetter.kept.attr[0].mine")
def attrgetter(held):
    """A name of operator.attrgetter"""
    import operator

    class Name(str):
        pass

    name = Name("there")
    name.mine = held
    attrgetter.kept = operator.attrgetter(name)


@holder("library.itemgetter_one.kept.item")
def itemgetter_one(held):
    """The key of operator.itemgetter"""
    import operator

    itemgetter_one.kept = operator.itemgetter(held)


@holder("library.itemgetter_many.kept.item[1]")
def itemgetter_many(held):
    """One of several keys of operator.itemgetter"""
    import operator

    itemgetter_many.kept = operator.itemgetter(1, held)


@holder("library.methodcaller_argument.kept.args[*]")
def methodcaller_argument(held):
    """An argument of operator.methodcaller"""
    import operator

    methodcaller_argument.kept = operator.methodcaller("name", 1, held)


@holder("library.methodcaller_keyword.kept.kwds['mine']",
        versions={v: ("library.methodcaller_keyword.kept.kwds['mine']",
                      "library.methodcaller_keyword.kept.vectorcall_args[0]")
                  for v in ("3.14", "3.15")})
def methodcaller_keyword(held):
    """A keyword argument of operator.methodcaller"""
    import operator

    methodcaller_keyword.kept = operator.methodcaller("name", mine=held)


@holder("library.cmp_to_key_function.kept.cmp.__self__")
def cmp_to_key_function(held):
    """The function of functools.cmp_to_key"""
    import functools

    type(held).compare = lambda self, one, other: 0
    cmp_to_key_function.kept = functools.cmp_to_key(held.compare)


@holder("library.cmp_to_key_object.kept.obj")
def cmp_to_key_object(held):
    """An object wrapped by functools.cmp_to_key"""
    import functools

    cmp_to_key_object.kept = functools.cmp_to_key(len)(held)


@holder("library.random_subclass.kept.mine")
def random_subclass(held):
    """An attribute of a random number generator"""
    import random

    random_subclass.kept = random.Random()
    random_subclass.kept.mine = held


@holder("library.struct_subclass.kept.mine")
def struct_subclass(held):
    """An attribute of a subclass of Struct"""
    import struct

    class Struct(struct.Struct):
        pass

    struct_subclass.kept = Struct("i")
    struct_subclass.kept.mine = held


@holder(gone=True)
def weak_set(held):
    """A member of a WeakSet"""
    import weakref

    weak_set.kept = weakref.WeakSet([held])


@holder("library.closing.kept.thing")
def closing(held):
    """The object of contextlib.closing"""
    import contextlib

    closing.kept = contextlib.closing(held)


@holder("library.null_context.kept.enter_result")
def null_context(held):
    """The value of contextlib.nullcontext"""
    import contextlib

    null_context.kept = contextlib.nullcontext(held)


@holder("library.redirect.kept._new_target")
def redirect(held):
    """The target of contextlib.redirect_stdout"""
    import contextlib

    redirect.kept = contextlib.redirect_stdout(held)


@holder("library.temporary_file.kept.file.mine")
def temporary_file(held):
    """An attribute of the file under a NamedTemporaryFile"""
    import io
    import tempfile

    class File(io.BytesIO):
        pass

    file = File()
    file.mine = held
    temporary_file.kept = tempfile._TemporaryFileWrapper(file, "name", delete=False)


@holder("library.named_tuple_default.kept._field_defaults['mine']",
        "library.named_tuple_default.kept.__new__.__func__.__defaults__[0]")
def named_tuple_default(held):
    """The default of a field of a NamedTuple"""
    import collections

    named_tuple_default.kept = collections.namedtuple("Pair", "mine", defaults=[held])


@holder("library.mock_argument.kept.*")
def mock_argument(held):
    """An argument that a mock was called with"""
    import unittest.mock

    mock_argument.kept = unittest.mock.Mock()
    mock_argument.kept(held)


@holder("library.dataclass_default.kept.mine",
        "library.dataclass_default.kept.__dataclass_fields__['mine'].default",
        "library.dataclass_default.kept.__init__.__defaults__[0]")
def dataclass_default(held):
    """The default of a field of a dataclass"""
    import dataclasses

    type(held).__hash__ = lambda self: 1
    dataclass_default.kept = dataclasses.make_dataclass("Data", [
        ("mine", object, dataclasses.field(default=held))])


@holder("library.enum_value.kept._value_",
        "library.enum_value.kept.__*class__._value2member_map_.keys()[*]",
        versions={v: ("library.enum_value.kept._value_",
                      "library.enum_value.kept.__*class__._value2member_map_.keys()[*]",
                      "library.enum_value.kept.__objclass__._hashable_values_[0]")
                  for v in ("3.14", "3.15")})
def enum_value(held):
    """The value of an enum's member"""
    import enum

    class Choice(enum.Enum):
        mine = held

    del held
    enum_value.kept = Choice.mine


@holder("library.argument_default.kept._defaults['mine']")
def argument_default(held):
    """A default of an ArgumentParser"""
    import argparse

    argument_default.kept = argparse.ArgumentParser()
    argument_default.kept.set_defaults(mine=held)


@holder("library.argument_type.kept._actions[0].type.__self__")
def argument_type(held):
    """The type of an argument of an ArgumentParser"""
    import argparse

    type(held).convert = lambda self, text: text
    argument_type.kept = argparse.ArgumentParser(add_help=False)
    argument_type.kept.add_argument("--x", type=held.convert)


@holder("library.signature_default.kept._parameters['mine']._default")
def signature_default(held):
    """The default in an inspect.Signature"""
    import inspect

    def call(mine=held):
        pass

    del held
    signature_default.kept = inspect.signature(call)


@holder("library.memory_view.kept.obj.mine")
def memory_view(held):
    """What a memoryview looks into"""

    class Bytes(bytearray):
        pass

    data = Bytes(b"data")
    data.mine = held
    memory_view.kept = memoryview(data)


@holder("library.ctypes_value.kept._objects", needs=["_ctypes"])
def ctypes_value(held):
    """The object of a ctypes.py_object"""
    import ctypes

    ctypes_value.kept = ctypes.py_object(held)


@holder("library.ctypes_callback.kept.*__self__", needs=["_ctypes"])
def ctypes_callback(held):
    """A Python function that ctypes made a C function of"""
    import ctypes

    type(held).call = lambda self: 1
    ctypes_callback.kept = ctypes.CFUNCTYPE(ctypes.c_int)(held.call)


@holder("library.string_formatter.kept.mine")
def string_formatter(held):
    """An attribute of a string.Formatter"""
    import string

    string_formatter.kept = string.Formatter()
    string_formatter.kept.mine = held


@holder("library.regex_match.kept.string.mine")
def regex_match(held):
    """The text of a match object"""
    import re

    class Text(str):
        pass

    text = Text("text")
    text.mine = held
    regex_match.kept = re.match("t", text)
