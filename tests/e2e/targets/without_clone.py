# SPDX-License-Identifier: MIT
"""Runs its arguments as a command that may make threads but no processes.

A seccomp filter, as containers and sandboxes set them: clone without CLONE_THREAD,
fork and vfork are answered EPERM, clone3 ENOSYS (so that libc falls back to clone).
"""

import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {  # (clone, clone3, fork, vfork), audit architecture
    "x86_64": ((56, 435, 57, 58), 0xC000003E),
    "aarch64": ((220, 435, None, None), 0xC00000B7),
}
LOAD, EQUAL, SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
CLONE_THREAD = 0x00010000


def program():
    """Return the filter as (code, jump if true, jump if false, value)."""
    (clone, clone3, fork, vfork), arch = NUMBERS[platform.machine()]
    refused = {clone3: errno.ENOSYS, fork: errno.EPERM, vfork: errno.EPERM}
    code = [
        (LOAD, 0, 0, 4), (EQUAL, 1, 0, arch), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 0),  # the number of the system call
    ]
    for number, error in refused.items():
        if number is not None:
            code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, FAIL | error)]
    code += [
        (EQUAL, 1, 0, clone), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 16),  # the lower half of the first argument
        (SET, 0, 1, CLONE_THREAD), (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, FAIL | errno.EPERM),
    ]
    return code


def forbid():
    """Set the filter; it stays across exec."""
    code = program()
    packed = b"".join(struct.pack("HBBI", *step) for step in code)
    buffer = ctypes.create_string_buffer(packed)

    class Program(ctypes.Structure):
        """struct sock_fprog."""

        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = Program(len(code), ctypes.addressof(buffer))
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or \
            libc.prctl(set_seccomp, mode_filter, ctypes.byref(filter_), 0, 0) != 0:
        sys.exit(f"no seccomp here: {os.strerror(ctypes.get_errno())}")


forbid()
os.execvp(sys.argv[1], sys.argv[1:])
