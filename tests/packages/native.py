# SPDX-License-Identifier: MIT
"""Exercises: extensions in C, C++, Cython, Rust and by mypyc."""

import io

from exercises import exercise


@exercise
def attrs():
    import attrs

    @attrs.define
    class Point:
        x: int
        y: list = attrs.field(factory=list)

    points = [Point(n, [f"y {n}"]) for n in range(200)]
    return Point, points, [attrs.asdict(point) for point in points[:20]]


@exercise
def bcrypt():
    import bcrypt

    salt = bcrypt.gensalt(4)
    hashed = bcrypt.hashpw(b"secret", salt)
    assert bcrypt.checkpw(b"secret", hashed)
    return salt, hashed


@exercise
def black():
    import black

    mode = black.Mode(line_length=60)
    text = black.format_str("x = { 'a':1,\n 'b':[1,2 ,3]}\n" * 20, mode=mode)
    return mode, text, black.parsing.lib2to3_parse(text)


@exercise
def cffi():
    import cffi

    ffi = cffi.FFI()
    ffi.cdef("struct point { int x, y; }; size_t strlen(const char *); "
             "typedef int (*compare)(int, int);")
    libc = ffi.dlopen(None)
    points = [ffi.new("struct point *", {"x": n, "y": n}) for n in range(50)]
    held = {"said": []}
    callback = ffi.callback("compare", lambda a, b: held["said"].append(a) or b)
    assert libc.strlen(b"four") == 4 and callback(3, 9) == 9
    return [ffi, libc, points, callback, ffi.new_handle(held),
            ffi.gc(points[0], lambda point: None), ffi.from_buffer(bytearray(10))]


@exercise
def charset_normalizer():
    import charset_normalizer

    text = "Übergrößenträger möchten schöne Äpfel und süße Öfen".encode("latin-1") * 10
    return charset_normalizer.from_bytes(text), charset_normalizer.detect(text)


@exercise
def cryptography():
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    box = Fernet(Fernet.generate_key())
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    signed = [key.sign(b"text", ec.ECDSA(hashes.SHA256())) for key in keys]
    pem = keys[0].private_bytes(serialization.Encoding.PEM,
                                serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"text")
    return [box, box.encrypt(b"text"), keys, signed, pem, digest,
            ed25519.Ed25519PrivateKey.generate(), AESGCM(bytes(16))]


@exercise
def frozenlist():
    import frozenlist

    lists = [frozenlist.FrozenList([f"item {n} {i}" for i in range(20)]) for n in range(50)]
    for one in lists[::2]:
        one.freeze()
    return lists


@exercise
def grpcio():
    from concurrent import futures

    import grpc

    def hello(request, context):
        return b"hello " + request

    handler = grpc.method_handlers_generic_handler(
        "Exercise", {"Hello": grpc.unary_unary_rpc_method_handler(hello)}
    )
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}",
                                    options=[("grpc.enable_http_proxy", 0)])
    call = channel.unary_unary("/Exercise/Hello")
    answers = [call(b"you", timeout=20) for _ in range(10)]
    assert answers[0] == b"hello you"
    return server, channel, call, answers


@exercise
def lmdb():
    import tempfile

    import lmdb

    env = lmdb.open(tempfile.mkdtemp(), map_size=1 << 20)
    with env.begin(write=True) as transaction:
        for n in range(100):
            transaction.put(b"key %d" % n, b"value %d" % n)
    reading = env.begin()
    cursor = reading.cursor()
    return env, reading, cursor, dict(iter(cursor))


@exercise
def lxml():
    import lxml.etree
    import lxml.html
    import lxml.objectify

    rows = "".join(f"<row n='{n}'><name>name {n}</name></row>" for n in range(200))
    tree = lxml.etree.fromstring(f"<table>{rows}</table>")
    elements = tree.xpath("//row[@n > 50]")
    sheet = lxml.etree.XSLT(lxml.etree.XML(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:template match="/"><n><xsl:value-of select="count(//row)"/></n>'
        "</xsl:template></xsl:stylesheet>"))
    return [tree, elements, [e.attrib for e in elements[:20]], sheet, sheet(tree),
            lxml.html.fromstring("<p>text <b>bold</b></p>"),
            lxml.objectify.fromstring("<a><b>1</b></a>"), lxml.etree.XPath("//name")]


@exercise
def lz4():
    import lz4.block
    import lz4.frame

    text = b"the same over and over " * 1000
    compressor = lz4.frame.LZ4FrameCompressor()
    begun = compressor.begin() + compressor.compress(text)
    return [compressor, begun, lz4.block.compress(text),
            lz4.frame.open(io.BytesIO(lz4.frame.compress(text)))]


@exercise
def markupsafe():
    import markupsafe

    return [markupsafe.escape(f"<b>{n}</b>") + "!" for n in range(200)]


@exercise
def msgpack():
    import msgpack

    data = {"rows": [{"n": n, "text": f"text {n}"} for n in range(200)]}
    packer, unpacker = msgpack.Packer(), msgpack.Unpacker(object_hook=lambda d: dict(d))
    unpacker.feed(packer.pack(data) * 3)
    return packer, unpacker, next(unpacker), msgpack.Timestamp(1, 2)


@exercise
def msgspec():
    import msgspec

    class User(msgspec.Struct):
        name: str
        groups: list[str] = []

    decoder, encoder = msgspec.json.Decoder(list[User]), msgspec.msgpack.Encoder()
    users = decoder.decode(msgspec.json.encode(
        [User(f"user {n}", [f"group {n}"]) for n in range(200)]))
    return User, users, decoder, encoder, encoder.encode(users)


@exercise
def multidict():
    import multidict

    maps = [multidict.CIMultiDict([("A", f"value {n}"), ("a", [n])]) for n in range(100)]
    return maps, [multidict.CIMultiDictProxy(m) for m in maps], multidict.istr("Name")


@exercise
def orjson():
    import orjson

    data = {"rows": [{"key": n, "text": f"text {n}"} for n in range(200)]}
    return orjson.loads(orjson.dumps(data)), orjson.Fragment(b"{}")


@exercise
def protobuf():
    from google.protobuf import descriptor_pb2, struct_pb2, timestamp_pb2

    structs = []
    for n in range(50):
        struct = struct_pb2.Struct()
        struct.update({"n": n, "list": [1, "two", {"three": 3}]})
        structs.append(struct)
    file = descriptor_pb2.FileDescriptorProto(name="x.proto", package="x")
    message = file.message_type.add(name="M")
    message.field.add(name="f", number=1, type=9, label=1)
    again = struct_pb2.Struct.FromString(structs[3].SerializeToString())
    return structs, file, message.field, again, again.fields, timestamp_pb2.Timestamp()


@exercise
def psutil():
    import psutil

    here = psutil.Process()
    return here, here.memory_info(), here.open_files(), list(psutil.process_iter())[:20]


@exercise
def pybind11():
    import pybind11

    return pybind11.get_include(), pybind11.commands.get_cmake_dir()


@exercise
def pycryptodome():
    from Crypto.Cipher import AES
    from Crypto.Hash import SHA256
    from Crypto.PublicKey import RSA

    key = RSA.generate(1024)
    cipher = AES.new(bytes(16), AES.MODE_GCM)
    return key, cipher, cipher.encrypt(b"text"), SHA256.new(b"text")


@exercise
def pydantic():
    import typing

    import pydantic

    class Address(pydantic.BaseModel):
        street: str
        number: int = 1

    class Person(pydantic.BaseModel):
        name: str
        where: list[Address] = []
        tags: dict[str, typing.Any] = {}

        @pydantic.field_validator("name")
        @classmethod
        def longer(cls, value):
            return value + "!"

    people = [Person(name=f"p {n}", where=[{"street": f"s {n}"}], tags={"n": [n]})
              for n in range(200)]
    try:
        Person(name=1)
    except pydantic.ValidationError as error:
        mistake = error.with_traceback(None)
    return people, Person, mistake, pydantic.TypeAdapter(list[Person]).dump_json(people)


@exercise
def pyyaml():
    import yaml

    text = "\n".join(f"- {{n: {n}, text: 'text {n}', list: [1, 2]}}" for n in range(100))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader), loader(text), yaml.compose(text)


@exercise
def rapidfuzz():
    import rapidfuzz

    words = [f"word {n} {n * n}" for n in range(300)]
    found = rapidfuzz.process.extract("word 12", words, limit=10)
    return words, found, rapidfuzz.distance.Levenshtein.editops("abc", "axc")


@exercise
def regex():
    import regex

    pattern = regex.compile(r"(?P<word>\w+)\s(?P<n>\d+)")
    text = " ".join(f"word {n}" for n in range(200))
    matches = list(pattern.finditer(text))
    return pattern, matches, pattern.scanner(text), pattern.splititer(text)


@exercise
def rpds_py():
    import rpds

    table = rpds.HashTrieMap({f"key {n}": [n] for n in range(200)})
    return [table, table.insert("more", ["x"]), rpds.List([f"item {n}" for n in range(50)]),
            rpds.HashTrieSet({f"member {n}" for n in range(50)})]


@exercise
def simplejson():
    import simplejson

    data = {"rows": [{"key": n, "text": f"text {n}"} for n in range(200)]}
    decoder = simplejson.JSONDecoder(object_pairs_hook=dict)
    return decoder, decoder.decode(simplejson.dumps(data)), simplejson.JSONEncoder()


@exercise
def sqlalchemy():
    import sqlalchemy as sql
    from sqlalchemy import orm

    class Base(orm.DeclarativeBase):
        pass

    class Author(Base):
        __tablename__ = "author"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        name: orm.Mapped[str]
        books: orm.Mapped[list["Book"]] = orm.relationship(back_populates="author")

    class Book(Base):
        __tablename__ = "book"
        id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
        title: orm.Mapped[str]
        author_id: orm.Mapped[int] = orm.mapped_column(sql.ForeignKey("author.id"))
        author: orm.Mapped[Author] = orm.relationship(back_populates="books")

    Base.registry.configure()
    engine = sql.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    session = orm.Session(engine)
    session.add_all(Author(name=f"a {n}", books=[Book(title=f"t {n} {i}") for i in range(5)])
                    for n in range(50))
    session.commit()
    found = session.scalars(sql.select(Author).where(Author.name.like("a 1%"))).all()
    rows = session.execute(sql.select(Book.title, Author.name).join(Author)).all()
    return engine, session, found, [len(a.books) for a in found], rows


@exercise
def tiktoken():
    import tiktoken

    ranks = {bytes([n]): n for n in range(256)}
    ranks.update({b"ab": 256, b"abc": 257})
    encoding = tiktoken.Encoding("exercise", pat_str=r"\w+|\s+", mergeable_ranks=ranks,
                                 special_tokens={"<end>": 258})
    return encoding, [encoding.encode(f"abc abab {n}") for n in range(50)]


@exercise
def tokenizers():
    import tokenizers

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[?]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.BpeTrainer(special_tokens=["[?]"], show_progress=False)
    tokenizer.train_from_iterator([f"the text of number {n}" for n in range(50)], trainer)
    return tokenizer, [tokenizer.encode(f"the text {n}") for n in range(20)]


@exercise
def ujson():
    import ujson

    data = {"rows": [{"key": n, "text": f"text {n}"} for n in range(200)]}
    return ujson.loads(ujson.dumps(data))


@exercise
def wrapt():
    import wrapt

    @wrapt.decorator
    def twice(wrapped, instance, args, kwargs):
        return [wrapped(*args, **kwargs)] * 2

    class Thing:
        @twice
        def ask(self, n):
            return {"n": n}

    proxies = [wrapt.ObjectProxy({"n": n, "list": [f"proxied {n}"]}) for n in range(100)]
    thing = Thing()
    return thing, thing.ask(3), thing.ask, proxies, Thing


@exercise
def yarl():
    import yarl

    urls = [yarl.URL(f"http://host{n}/path?q={n}") / "more" for n in range(100)]
    return urls, [url.with_query(a="b") for url in urls], [url.query for url in urls]


@exercise
def zstandard():
    import zstandard

    text = b"the same over and over " * 1000
    compressor = zstandard.ZstdCompressor(level=3)
    frame = compressor.compress(text)
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(frame))
    return compressor, compressor.compressobj(), reader, reader.read(100), frame
