# Calls with every field at its edges, in the present directory: callers.py GROUP,... [LEFT-OUT...]
# Each prints a line with what it gave: a result, or the name of the error.
# LEFT-OUT are patterns of lines that are known to differ.
import ctypes
import errno
import fnmatch
import mmap
import os
import shutil
import stat
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
OFFSETS = [0, 1, 4096, 2**31 - 1, 2**32, 2**40, 2**62, 2**63 - 1, -1, -(2**63)]
N255 = b"n" * 255
N256 = b"n" * 256
LONG_RESULTS = {
    "lseek", "pread", "pwrite", "read", "readv", "write", "readlink", "getxattr", "listxattr", "copy_file_range", "syscall",
}  # fmt: skip
BITS = [1 << i for i in range(31)]


def c(name, *arguments):
    """A call of the C library: what it returns, or an OSError."""
    function = LIBC[name]
    function.restype = ctypes.c_long if name in LONG_RESULTS else ctypes.c_int
    result = function(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def show(value):
    text = repr(value)
    return text if len(text) < 200 else "%s... %d" % (text[:40], len(text))


def line(what, call, *arguments):
    if any(fnmatch.fnmatchcase(what, left) for left in LEFT_OUT):
        return
    try:
        result = call(*arguments)
        print(what, "=", show(result))
    except OSError as e:
        print(what, "=", errno.errorcode.get(e.errno, e.errno))
    except (OverflowError, ValueError) as e:
        print(what, "=", type(e).__name__)


def fresh():
    """The same small tree each time."""
    shutil.rmtree("fresh", ignore_errors=True)
    if os.path.lexists("fresh"):
        os.system("chmod -R u+rwx fresh; rm -rf fresh")  # directories that their owner may not enter
    os.mkdir("fresh", 0o755)
    os.chdir("fresh")
    for name, text in (("file", "12345"), ("big", "0123456789"), ("empty", "")):
        with open(name, "w") as f:
            f.write(text)
    os.makedirs("full/sub")
    os.mkdir("dir")
    os.symlink("file", "link")
    os.symlink("nowhere", "dangling")
    os.mkfifo("fifo")


def given():
    """The tree that a lower layer has."""
    os.chdir("tree")


def back():
    os.chdir("..")


def with_fd(name, flags, action):
    fd = os.open(name, flags)
    try:
        return action(fd)
    finally:
        os.close(fd)


def offsets():
    given()
    zero = ctypes.create_string_buffer(8)
    for at in OFFSETS:
        for name in ("file", "empty"):
            line("pread %s %d" % (name, at), with_fd, name, os.O_RDONLY, lambda fd: c("pread", fd, zero, 8, at))
            for whence in range(-1, 6):
                line(
                    "lseek %s %d %d" % (name, at, whence),
                    with_fd, name, os.O_RDONLY, lambda fd: c("lseek", fd, at, whence),
                )  # fmt: skip
        line("readv count %d" % at, with_fd, "file", os.O_RDONLY, lambda fd: c("readv", fd, zero, at))
    for at in (-1, -(2**63), 2**63 - 1, 2**63 - 4):
        line("pwrite file %d" % at, with_fd, "file", os.O_RDWR, lambda fd: c("pwrite", fd, zero, 8, at))
    for size in (-1, -(2**63), 2**63 - 1, 2**62, 5, 0, 2**40):
        line("truncate %d" % size, lambda: c("truncate", b"file", size))
        line("truncate size %d" % size, lambda: os.stat("file").st_size)
        line("ftruncate %d" % size, with_fd, "empty", os.O_RDWR, lambda fd: c("ftruncate", fd, size))
        line("ftruncate read-only %d" % size, with_fd, "empty", os.O_RDONLY, lambda fd: c("ftruncate", fd, size))
        os.truncate("file", 5)
    line("truncate directory", lambda: c("truncate", b"dir", 0))
    line("truncate fifo", lambda: c("truncate", b"fifo", 0))
    for mode in (0, 1, 2, 3, 16, 17, 256, 2**30, -1):
        for at, length in ((0, 0), (0, -1), (-1, 1), (2**63 - 1, 1), (0, 4096), (4096, 4096), (1, 2)):
            line(
                "fallocate %d %d %d" % (mode, at, length),
                with_fd, "file", os.O_RDWR, lambda fd: c("fallocate", fd, mode, at, length),
            )  # fmt: skip
            line("fallocate size %d %d %d" % (mode, at, length), lambda: os.stat("file").st_size)
    line("fallocate directory", with_fd, "dir", os.O_RDONLY, lambda fd: c("fallocate", fd, 0, 0, 1))
    for at in (0, 3, -1, 2**62, 2**63 - 1):
        for to in (0, 3, -1, 2**63 - 1):
            for length in (0, 2, -1):
                line("copy_file_range %d %d %d" % (at, to, length), copy_range, at, to, length)
    back()


def copy_range(at, to, length):
    a = os.open("big", os.O_RDONLY)
    b = os.open("empty", os.O_WRONLY)
    try:
        off_in = ctypes.c_longlong(at)
        off_out = ctypes.c_longlong(to)
        return c("copy_file_range", a, ctypes.byref(off_in), b, ctypes.byref(off_out), length, 0)
    finally:
        os.close(a)
        os.close(b)
        os.truncate("empty", 0)


def sizes():
    given()
    buffer = ctypes.create_string_buffer(1 << 16)
    for size in (0, 1, 2**31 - 1, 2**31, 2**32, -1):
        with open("file", "rb") as f:
            if size <= 1:
                line("read %d" % size, lambda: c("read", f.fileno(), buffer, size))
            line("read null %d" % size, lambda: c("read", f.fileno(), None, size))
    line("read directory", with_fd, "dir", os.O_RDONLY, lambda fd: c("read", fd, buffer, 1))
    line("write 0", with_fd, "file", os.O_WRONLY, lambda fd: c("write", fd, buffer, 0))
    line("write null", with_fd, "file", os.O_WRONLY, lambda fd: c("write", fd, None, 8))
    line("write read-only", with_fd, "file", os.O_RDONLY, lambda fd: c("write", fd, buffer, 8))
    for size in (0, 1, 16, 23):
        line("getdents %d" % size, with_fd, "dir", os.O_RDONLY, lambda fd: c("syscall", 217, fd, buffer, size))
    line("getdents file", with_fd, "file", os.O_RDONLY, lambda fd: c("syscall", 217, fd, buffer, 4096))
    for size in (-1, 0, 1, 4096):
        line("readlink %d" % size, lambda: c("readlink", b"link", buffer, size))
        line("readlink file %d" % size, lambda: c("readlink", b"file", buffer, size))
    for size in (0, 1, 3, 4, 65536):
        line("getxattr %d" % size, lambda: c("getxattr", b"file", b"user.there", buffer, size))
        line("listxattr %d" % size, lambda: c("listxattr", b"big", buffer, size))
    for request in (0, 0x12345678, 0x5401, 0xFFFFFFFF):
        line("ioctl %x" % request, with_fd, "file", os.O_RDONLY, lambda fd: c("ioctl", fd, request, buffer))
        line("ioctl directory %x" % request, with_fd, "dir", os.O_RDONLY, lambda fd: c("ioctl", fd, request, buffer))
    for size in (1, 4096):
        line("mmap write of read-only", with_fd, "file", os.O_RDONLY, lambda fd: mmap.mmap(fd, size).close())
    line("mmap directory", with_fd, "dir", os.O_RDONLY, lambda fd: mmap.mmap(fd, 1, prot=1).close())
    back()


def closing(fd):
    os.close(fd)
    return "opened"


def opens():
    fresh()
    for name in ("file", "dir", "link", "dangling", "fifo", "missing", "file/x", "dir/", "file/", "", ".", "none/x"):
        for access in (0, 1, 2, 3):
            for bit in [0] + BITS + [0o100 | 0o200, 0o100 | 0o200000, 0o20200000, 0o20000000]:
                flags = access | bit | os.O_NONBLOCK
                if "fifo" in name and access == 1:
                    continue
                if bit & (0o100 | 0o1000):
                    back()
                    fresh()
                line(
                    "open %s %o" % (name, flags),
                    lambda: closing(c("syscall", 257, AT_FDCWD, name.encode(), flags, 0o640)),
                )
    back()
    fresh()
    for mode in (0, 0o777, 0o7777, 0o17777, 0o177777, 0xFFFFFFFF, -1):
        os.umask(0)
        for what, call in (
            ("open", lambda n: closing(c("open", n, 0o102, mode))),
            ("mkdir", lambda n: c("mkdir", n, mode)),
            ("chmod", lambda n: (os.close(os.open(n, 0o102)), c("chmod", n, mode))[1]),
        ):
            name = b"%s%d" % (what.encode(), mode)
            line("%s mode %o" % (what, mode), call, name)
            line("%s mode %o gives" % (what, mode), lambda: oct(os.lstat(name).st_mode))
    for kind in range(16):
        for device in (0, 1, 0x103, -1):
            name = b"node%d-%d" % (kind, device)
            line("mknod %d %d" % (kind, device), lambda: c("mknod", name, kind << 12 | 0o644, device))
            line("mknod %d %d gives" % (kind, device), lambda: (oct(os.lstat(name).st_mode), os.lstat(name).st_rdev))
    back()


def names():
    given()
    for name in (b"", b".", b"..", N255, N256, b"x/" + N255, b"x/" + N256, b"n" * 4095, b"n" * 4096, b"\xff" * 255,
                 b"dir/" + N256, b"/".join([b"."] * 2040) + b"/new", b"new/", b"\x01\x7f"):  # fmt: skip
        short = "%r %d" % (name[:6], len(name))
        for what, call in (
            ("stat", lambda: stat.S_IFMT(os.lstat(name).st_mode)),
            ("create", lambda: closing(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))),
            ("unlink", lambda: os.unlink(name)),
            ("mkdir", lambda: os.mkdir(name)),
            ("rmdir", lambda: os.rmdir(name)),
            ("symlink", lambda: os.symlink(b"x", name)),
            ("link", lambda: os.link(b"file", name)),
            ("rename", lambda: os.rename(b"file", name)),
            ("rename back", lambda: os.rename(name, b"file")),
            ("mkfifo", lambda: os.mkfifo(name)),
            ("setxattr", lambda: os.setxattr(name, "user.x", b"v")),
            ("unlink again", lambda: os.unlink(name)),
        ):
            line("%s %s" % (what, short), call)
    for target in (b"", b"t" * 255, b"t" * 256, b"t" * 4094, b"t" * 4095, b"t" * 4096, b"\xff\n"):
        line("symlink to %d" % len(target), lambda: os.symlink(target, b"to%d" % len(target)))
        line("symlink to %d gives" % len(target), lambda: len(os.readlink(b"to%d" % len(target))))
    back()


def flags():
    for flag in list(range(9)) + [16, 0x80000000, 0xFFFFFFFF]:
        for old, new in (
            ("file", "new"), ("file", "big"), ("file", "dir"), ("dir", "file"), ("dir", "full"), ("dir", "dir/sub"),
            ("file", "file"), ("missing", "file"), ("full", "dir"), (".", "x"), ("file", "."), ("file", "none/x"),
            ("link", "file"), ("fifo", "file"), ("dir", "new/"), ("file", "new/"), ("..", "x"), ("full", "full/sub"),
        ):  # fmt: skip
            fresh()
            line(
                "renameat2 %s %s %d" % (old, new, flag),
                lambda: c("renameat2", AT_FDCWD, old.encode(), AT_FDCWD, new.encode(), flag),
            )
            back()
    for flag in (0, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x1400, 0x80000000, 0xFFFFFFFF):
        for name in ("file", "dir", "full", "link", "fifo", "missing", ".", "", "file/x"):
            fresh()
            line("unlinkat %s %x" % (name, flag), lambda: c("unlinkat", AT_FDCWD, name.encode(), flag))
            back()
        fresh()
        for name in ("file", "dir", "link", "dangling", "fifo", "missing", ""):
            line("linkat %s %x" % (name, flag), lambda: c("linkat", AT_FDCWD, name.encode(), AT_FDCWD, b"l" + name.encode(), flag))
            for mask in (0, 0x7FF, 0xFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
                out = ctypes.create_string_buffer(256)
                line("statx %s %x %x" % (name, flag, mask), lambda: c("statx", AT_FDCWD, name.encode(), flag, mask, out))
            for mode in (0, 1, 2, 4, 7, 8, -1):
                line("faccessat %s %x %d" % (name, flag, mode), lambda: c("syscall", 439, AT_FDCWD, name.encode(), mode, flag))
        back()
    fresh()
    for what in ("file", "dir", "link"):
        for flag in (0, 0x100, 0x200):
            for uid, gid in ((-1, -1), (0, 0), (65534, 65534), (2**32 - 2, 2**32 - 2), (-1, 0), (os.getuid(), -1), (-1, os.getgid())):
                line("fchownat %s %x %d %d" % (what, flag, uid, gid), lambda: c("fchownat", AT_FDCWD, what.encode(), uid, gid, flag))
                line("fchownat %s %x %d %d gives" % (what, flag, uid, gid), lambda: (os.lstat(what).st_uid, os.lstat(what).st_gid))
            line("fchmodat2 %s %x" % (what, flag), lambda: c("syscall", 452, AT_FDCWD, what.encode(), 0o700, flag))
    back()
    fresh()
    for seconds in (0, -1, 1, 2**31 - 1, 2**31, 2**33):
        for nanos in (0, 1, 999999999, 10**9, -1, 0x3FFFFFFD):
            times = struct.pack("qqqq", seconds, nanos, seconds, nanos)
            line("utimensat %d %d" % (seconds, nanos), lambda: c("utimensat", AT_FDCWD, b"file", times, 0))
            line("utimensat %d %d gives" % (seconds, nanos), lambda: (os.stat("file").st_atime_ns, os.stat("file").st_mtime_ns))
    now, omit = 0x3FFFFFFF, 0x3FFFFFFE
    for a, m in ((now, now), (now, omit), (omit, now), (omit, omit), (omit, 5), (5, omit), (now, 5)):
        for seconds in (0, -(2**63), 2**63 - 1) if omit in (a, m) and 5 not in (a, m) else (7,):
            times = struct.pack("qqqq", seconds, a, seconds, m)
            line("utimensat special %x %x %d" % (a, m, seconds), lambda: c("utimensat", AT_FDCWD, b"file", times, 0))
    for flag in (0x100, 0x1000, 0x200, -1):
        line("utimensat flags %x" % flag, lambda: c("utimensat", AT_FDCWD, b"link", None, flag))
    back()


def xattrs():
    given()
    attribute_names = [
        "", "user", "user.", "user.x", "user." + "x" * 250, "user." + "x" * 251, "x" * 255, "x" * 256, "foo", "foo.bar",
        "system.foo", "security.foo", "trusted.foo", "trusted.", "security.", "user.\xff\x01", "system.posix_acl_access",
        "system.posix_acl_default",
    ]  # fmt: skip
    for target in ("file", "dir", "link", "fifo"):
        for name in attribute_names:
            raw = name.encode("latin-1")
            for flag in (0, 1, 2, 3, 4, -1):
                line(
                    "setxattr %s %r %d %d" % (target, name[:26], len(name), flag),
                    lambda: c("lsetxattr", target.encode(), raw, b"value", 5, flag),
                )
            line("getxattr %s %r %d" % (target, name[:26], len(name)), lambda: os.getxattr(target, raw, follow_symlinks=False))
            line("removexattr %s %r %d" % (target, name[:26], len(name)), lambda: c("lremovexattr", target.encode(), raw))
            line("removexattr again %s %r %d" % (target, name[:26], len(name)), lambda: c("lremovexattr", target.encode(), raw))
    for size in (0, 1, 255, 256, 1000, 65535, 65536, 65537, -1):
        value = b"v" * max(size, 0)
        line("setxattr size %d" % size, lambda: c("setxattr", b"empty", b"user.size", value, size, 0))
        line("setxattr size %d gives" % size, lambda: len(os.getxattr("empty", "user.size")))
    line("setxattr null", lambda: c("setxattr", b"empty", b"user.null", None, 5, 0))
    line("setxattr null 0", lambda: c("setxattr", b"empty", b"user.null", None, 0, 0))
    line("listxattr", lambda: sorted(os.listxattr("empty")))
    back()


LEFT_OUT = sys.argv[2:]
for group in sys.argv[1].split(","):
    globals()[group]()
