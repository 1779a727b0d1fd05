# SPDX-License-Identifier: MIT
"""An ordinary interpreter with 150 modules of the standard library, which waits.

Says `ready PID COUNT`. The list is fixed; what a version does not have is left out. None is deprecated to import
or opens a window.
"""

import importlib
import os
import sys
import warnings

MODULES = """
    __future__ _thread abc argparse array ast asyncio asyncio.subprocess atexit base64
    bdb binascii bisect builtins bz2 calendar cmath cmd code codecs codeop collections
    collections.abc colorsys compileall concurrent.futures concurrent.futures.process
    concurrent.futures.thread configparser contextlib contextvars copy copyreg cProfile
    csv ctypes ctypes.util dataclasses datetime decimal difflib dis doctest email
    email.message email.mime.multipart email.mime.text email.parser encodings.idna
    encodings.utf_16 enum errno faulthandler fcntl filecmp fileinput fnmatch fractions
    ftplib functools gc getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac
    html html.parser http http.client http.cookiejar http.cookies http.server imaplib
    importlib.abc importlib.metadata importlib.resources importlib.util inspect io
    ipaddress itertools json keyword linecache locale logging logging.config
    logging.handlers lzma mailbox marshal math mimetypes mmap modulefinder
    multiprocessing multiprocessing.connection multiprocessing.managers
    multiprocessing.pool multiprocessing.shared_memory netrc numbers operator optparse os
    pathlib pdb pickle pickletools pkgutil platform plistlib poplib posixpath pprint
    profile pstats pty pwd py_compile pyclbr pydoc queue quopri random re reprlib
    resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal
    site smtplib socket socketserver sqlite3 ssl stat statistics string stringprep struct
    subprocess symtable sys sysconfig tabnanny tarfile tempfile termios textwrap
    threading time timeit token tokenize trace traceback tracemalloc types typing
    unicodedata unittest unittest.mock urllib.error urllib.parse urllib.request
    urllib.robotparser uuid venv warnings wave weakref webbrowser wsgiref.simple_server
    xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.client xmlrpc.server zipapp
    zipfile zipimport zlib zoneinfo
""".split()


def main():
    """Import, say how many there are, answer lines until the input ends."""
    warnings.simplefilter("ignore")
    loaded = []
    for name in MODULES:
        try:
            loaded.append(importlib.import_module(name))
        except ImportError:
            pass
    print("ready", os.getpid(), len(loaded), flush=True)
    sys.stdin.read()


main()
