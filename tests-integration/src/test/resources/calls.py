# System calls that no program of the shell makes, one a run: calls.py CALL ARGUMENT...
# Prints the result, or the name of the error.
import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback

AT_FDCWD = -100
LIBC = ctypes.CDLL(None, use_errno=True)


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_char * 128)]


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def rename2(old, new, flags):
    return check(LIBC.renameat2(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), int(flags)))


def link_fd(fd, name):
    return check(LIBC.linkat(AT_FDCWD, b"/proc/self/fd/%d" % fd, AT_FDCWD, os.fsencode(name), 0x400))


def tmpfile(directory, mode, umask, name):
    """A file without a name, written to, and then given one unless that is empty."""
    os.umask(int(umask, 8))
    fd = os.open(directory, os.O_TMPFILE | os.O_RDWR, int(mode, 8))
    os.write(fd, b"first\n")
    before = os.fstat(fd)
    if name:
        link_fd(fd, name)
        os.write(fd, b"second\n")
    after = os.fstat(fd)
    os.close(fd)
    return "%o %d %d %d %d" % (after.st_mode, after.st_gid, before.st_nlink, after.st_nlink, after.st_size)


def holes(name):
    """The edges of data and holes."""
    fd = os.open(name, os.O_RDONLY)
    size = os.fstat(fd).st_size
    edges = []
    at = 0
    while at < size:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as e:
            if e.errno == errno.ENXIO:
                break
            raise
        end = os.lseek(fd, at, os.SEEK_HOLE)
        edges.append("%d-%d" % (at, end))
        at = end
    return " ".join(edges)


def dirty_holes(name):
    """The same right after writing, with nothing synced."""
    fd = os.open(name, os.O_CREAT | os.O_RDWR, 0o644)
    os.pwrite(fd, b"x" * 4096, 1 << 20)
    os.pwrite(fd, b"y" * 4096, 0)
    os.ftruncate(fd, 2 << 20)
    return holes(name)


def copy_range(source, start, target, to, length):
    a = os.open(source, os.O_RDONLY)
    b = a if source == target else os.open(target, os.O_CREAT | os.O_RDWR, 0o644)
    if a == b:
        a = b = os.open(source, os.O_RDWR)
    return os.copy_file_range(a, b, int(length), int(start), int(to))


def fallocate(name, mode, start, length):
    fd = os.open(name, os.O_RDWR)
    return check(LIBC.fallocate(fd, int(mode, 0), ctypes.c_long(int(start)), ctypes.c_long(int(length))))


def born(name):
    """Whether statx tells a time of birth, and it is not in the future."""
    buffer = ctypes.create_string_buffer(256)
    check(LIBC.statx(AT_FDCWD, os.fsencode(name), 0, 0x800, buffer))
    mask = struct.unpack_from("I", buffer, 0)[0]
    seconds = struct.unpack_from("q", buffer, 80)[0]
    return "%s %s" % (bool(mask & 0x800), 0 < seconds <= os.stat(name).st_ctime + 1)


def fsxattr(name):
    fd = os.open(name, os.O_RDONLY)
    value = bytearray(28)
    fcntl.ioctl(fd, 0x801C581F, value)
    fcntl.ioctl(fd, 0x401C5820, bytes(value))
    return struct.unpack_from("I", value, 0)[0] & 0x40


def handle_of(name):
    handle = Handle(128, 0)
    mount = ctypes.c_int()
    check(LIBC.name_to_handle_at(AT_FDCWD, os.fsencode(name), ctypes.byref(handle), ctypes.byref(mount), 0))
    return "%d:%s" % (handle.type, ctypes.string_at(ctypes.addressof(handle) + 8, handle.size).hex())


def by_handle(text):
    kind, content = text.split(":")
    content = bytes.fromhex(content)
    handle = Handle(len(content), int(kind))
    ctypes.memmove(ctypes.addressof(handle) + 8, content, len(content))
    mount = os.open(".", os.O_RDONLY)
    fd = check(LIBC.open_by_handle_at(mount, ctypes.byref(handle), os.O_RDONLY))
    if os.path.isdir("/proc/self/fd/%d" % fd):
        parent = os.open("..", os.O_RDONLY, dir_fd=fd)
        return " ".join(sorted(os.listdir(fd))) + " in " + " ".join(sorted(os.listdir(parent)))
    return os.read(fd, 100).decode().strip()


def mapped(name, text):
    """Writes through a shared map."""
    fd = os.open(name, os.O_RDWR)
    with mmap.mmap(fd, 0) as view:
        view[0 : len(text)] = text.encode()
    return 0


def map_over_copy_up(name):
    """A map, a reader and a writer of one lower file see one content."""
    reader = os.open(name, os.O_RDONLY)
    view = mmap.mmap(reader, 0, prot=mmap.PROT_READ)
    before = view[0:3].decode()
    writer = os.open(name, os.O_WRONLY)
    os.pwrite(writer, b"new", 0)
    return "%s %s %s" % (before, view[0:3].decode(), os.pread(reader, 3, 0).decode())


def many_open(directory, count):
    fds = []
    for i in range(int(count)):
        fd = os.open("%s/o%d" % (directory, i), os.O_CREAT | os.O_RDWR, 0o644)
        os.write(fd, b"%d" % i)
        fds.append(fd)
    wrong = [i for i, fd in enumerate(fds) if os.pread(fd, 20, 0) != b"%d" % i]
    for i, fd in enumerate(fds):
        os.unlink("%s/o%d" % (directory, i))
    wrong += [i for i, fd in enumerate(fds) if os.pread(fd, 20, 0) != b"%d" % i]
    return "%d wrong, %s" % (len(wrong), os.listdir(directory))


def direct(name):
    fd = os.open(name, os.O_CREAT | os.O_RDWR | os.O_DIRECT, 0o644)
    with mmap.mmap(-1, 8192) as block:
        block[:] = b"d" * 8192
        os.write(fd, block)
    with open(name, "rb") as cached:
        return "%d %s" % (os.fstat(fd).st_size, cached.read(3).decode())


def past_the_cache(directory, count):
    """Files changed right after they were made, by calls that the kernel passes on at once."""
    source = os.open(directory + "/source", os.O_CREAT | os.O_RDWR, 0o644)
    os.write(source, b"s" * 4096)
    with mmap.mmap(-1, 4096) as block:
        for i in range(int(count)):
            for kind in ("direct", "allocated", "copied"):
                flags = os.O_DIRECT if kind == "direct" else 0
                fd = os.open("%s/%s%d" % (directory, kind, i), os.O_CREAT | os.O_RDWR | flags, 0o644)
                if kind == "direct":
                    os.write(fd, block)
                elif kind == "allocated":
                    os.posix_fallocate(fd, 0, 4096)
                else:
                    os.copy_file_range(source, fd, 4096, 0, 0)
                os.close(fd)
    return 0


def close_error(name, text):
    """What write, fsync and close say."""
    said = []
    fd = os.open(name, os.O_WRONLY | os.O_APPEND)
    for call in (lambda: os.write(fd, text.encode()), lambda: os.fsync(fd), lambda: os.close(fd)):
        try:
            call()
            said.append("OK")
        except OSError as e:
            said.append(error_name(e))
    return " ".join(said)


def filled(name, megabytes):
    """What write, fsync and close say of data that has no room: the errors, each once."""
    said = []
    fd = os.open(name, os.O_WRONLY)

    def write():
        for _ in range(int(megabytes)):
            assert os.write(fd, b"x" * (1 << 20)) > 0

    for call in (write, lambda: os.fsync(fd), lambda: os.close(fd)):
        try:
            call()
        except OSError as e:
            said.append(error_name(e))
    return " ".join(dict.fromkeys(said))


def forged(handle):
    """What handles say that differ from a good one in a bit or are too short."""
    kind, content = handle.split(":")
    content = bytes.fromhex(content)
    said = set()
    for i in range(len(content) * 8):
        wrong = bytearray(content)
        wrong[i // 8] ^= 1 << i % 8
        try:
            said.add(by_handle("%s:%s" % (kind, wrong.hex())))
        except OSError as e:
            said.add(error_name(e))
    for wrong in (content[:4], content[:-4], bytes(len(content)), b"\xff" * len(content)):
        try:
            said.add(by_handle("%s:%s" % (kind, wrong.hex())))
        except OSError as e:
            said.add(error_name(e))
    return " ".join(sorted(said))


def copied(work):
    """The bytes on the disk of what is being made in a work directory."""
    total = 0
    for name in os.listdir(work):
        try:
            total += os.lstat(os.path.join(work, name)).st_blocks * 512
        except FileNotFoundError:
            pass
    return total


def chmod_child(name, mode):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chmod(name, mode)
        os._exit(0)
    return pid


def await_copy(work, pid):
    while copied(work) < 64 << 20:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            raise SystemExit("the copy-up ended before it was seen")


def interrupted(name, work):
    """How chmod of a lower file ends that gets SIGINT in its copy-up."""
    pid = chmod_child(name, 0o600)
    await_copy(work, pid)
    start = time.monotonic()
    os.kill(pid, signal.SIGINT)
    status = os.waitpid(pid, 0)[1]
    late = time.monotonic() - start
    return "signal %d, %s" % (os.WTERMSIG(status), "at once" if late < 1 else "after %.1f s" % late)


def interrupted_with_waiter(name, work):
    """The same where a second process waits for the copy."""
    first = chmod_child(name, 0o600)
    await_copy(work, first)
    second = chmod_child(name, 0o640)
    while open("/proc/%d/stat" % second).read().rsplit(")", 1)[1].split()[0] not in "SD":
        pass
    os.kill(first, signal.SIGINT)
    one = os.waitpid(first, 0)[1]
    two = os.waitpid(second, 0)[1]
    return "signal %d, exit %d, %o" % (os.WTERMSIG(one), two, os.stat(name).st_mode & 0o777)


def under_alarms(call, name, argument):
    """A call while an interval timer's signals come, whose handler does nothing that matters."""
    seen = []
    signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    if call == "rename":
        check(LIBC.rename(os.fsencode(name), os.fsencode(argument)))
    elif call == "truncate":
        check(LIBC.truncate(os.fsencode(name), ctypes.c_long(int(argument))))
    elif call == "open":
        fd = check(LIBC.open(os.fsencode(name), os.O_RDWR))
        check(LIBC.pwrite(fd, os.fsencode(argument), len(argument), ctypes.c_long(0)))
        check(LIBC.fsync(fd))
    else:
        check(LIBC.chmod(os.fsencode(name), int(argument, 8)))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return "done, %s" % ("alarms came" if seen else "no alarm came")


def await_more(work, pid):
    """Waits until a copy goes on, and the process waits for it without looking at its signals."""
    while open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[0] != "D":
        await_copy(work, pid)
    before = copied(work)
    while copied(work) < before + (32 << 20):
        await_copy(work, pid)


def handled_then(name, work, *signals):
    """How chmod of a lower file ends that gets SIGALRM, which it handles, and then others."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # a JVM blocks SIGQUIT in what it starts
    signal.signal(signal.SIGALRM, lambda *_: None)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pid = chmod_child(name, 0o600)
    await_copy(work, pid)
    os.kill(pid, signal.SIGALRM)
    await_more(work, pid)
    start = time.monotonic()
    for one in signals:
        os.kill(pid, getattr(signal, one))
    status = os.waitpid(pid, 0)[1]
    late = time.monotonic() - start
    if os.WIFEXITED(status):
        return "exit %d" % os.WEXITSTATUS(status)
    return "signal %d, %s" % (os.WTERMSIG(status), "at once" if late < 1 else "after %.1f s" % late)


def rename_over_copy(name, work, old, new, below):
    """Renames a directory while a file in it is copied up, and looks at a file below its new name."""
    pid = chmod_child(name, 0o600)
    await_copy(work, pid)
    os.rename(old, new)
    done = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) or copied(work) == 0
    size = os.stat(below).st_size
    os.waitpid(pid, 0)
    return "renamed %s, %d" % ("when the copy was done" if done else "before", size)


def storm(processes, count):
    """Processes that make, read, rename, link and remove their own files in directories they share."""

    def work(me):
        for i in range(int(count)):
            mine = "d%d/p%d-%d" % (i % 4, me, i)
            with open(mine, "w") as f:
                f.write("%d %d\n" % (me, i))
            other = "e%d/p%d-%d" % (me % 4, me, i)
            os.rename(mine, other)
            os.link(other, mine)
            with open("l%d" % (i % 8)) as f:
                assert f.read(4) == "low "
            with open("log", "a") as f:
                f.write("%d %d\n" % (me, i))
            if i % 3 == 0:
                os.unlink(other)
            elif i % 3 == 1:
                os.rename(mine, other + "-x")
                os.chmod(other, 0o640)
            else:
                os.rename("low%d-%d" % (me, i), mine)
            sub = "d%d/s%d" % (me % 4, me)
            os.mkdir(sub)
            os.symlink("x", sub + "/x")
            os.listdir("e%d" % (i % 4))
            os.unlink(sub + "/x")
            os.rmdir(sub)

    children = []
    for me in range(int(processes)):
        pid = os.fork()
        if pid == 0:
            try:
                work(me)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(pid)
    failed = sum(os.waitpid(pid, 0)[1] != 0 for pid in children)
    if failed:
        raise SystemExit("%d processes failed" % failed)
    return "done"


def many_xattrs(directory, count):
    """Long lists of extended attributes: how many bytes, and whether all are there."""
    total = 0
    for i in range(int(count)):
        name = "%s/x%d" % (directory, i)
        wanted = {"user.%03d-%d-%s" % (j, i, "n" * 225) for j in range(13)}
        for attribute in wanted:
            os.setxattr(name, attribute, b"v")
        listed = os.listxattr(name)
        assert {a for a in listed if a.startswith("user.")} == wanted, name
        total += sum(len(os.fsencode(a)) + 1 for a in listed)
    return "more" if total > 8 << 20 else "only %d" % total


def outcome(call):
    try:
        call()
        return "OK"
    except OSError as e:
        return error_name(e)


def opened(name, flags):
    os.close(os.open(name, flags))


def protected(name, opens=None):
    """What an immutable or append-only file says to each change."""
    now = os.stat(name).st_mtime_ns
    calls = [
        ("truncate", lambda: os.truncate(name, 1)),
        ("open trunc", lambda: opened(name, os.O_WRONLY | os.O_TRUNC)),
        ("open append trunc", lambda: opened(name, os.O_WRONLY | os.O_APPEND | os.O_TRUNC)),
        ("chmod", lambda: os.chmod(name, 0o600)),
        ("chown", lambda: os.chown(name, os.getuid(), os.getgid())),
        ("utimes", lambda: os.utime(name, ns=(now + 1, now + 1))),
        ("setxattr", lambda: os.setxattr(name, "user.x", b"v")),
        ("removexattr", lambda: os.removexattr(name, "user.there")),
        ("link", lambda: os.link(name, "linked")),
        ("rename", lambda: os.rename(name, "renamed")),
        ("rename over", lambda: os.rename("victim", name)),
        ("unlink", lambda: os.unlink(name)),
        ("touch", lambda: os.utime(name)),
    ]
    if opens:
        calls += [
            ("open write", lambda: opened(name, os.O_WRONLY)),
            ("open read write", lambda: opened(name, os.O_RDWR)),
            ("open append", lambda: opened(name, os.O_WRONLY | os.O_APPEND)),
        ]
    lines = ["%s: %s" % (what, outcome(call)) for what, call in calls]
    return "\n".join(lines) + "\n" + open(name).read()


def protected_directory(name):
    """The same of a directory that holds the file f, the directory d and is below a writable one."""
    calls = [
        ("create", lambda: os.close(os.open(name + "/new", os.O_CREAT | os.O_EXCL | os.O_WRONLY))),
        ("mkdir", lambda: os.mkdir(name + "/newdir")),
        ("symlink", lambda: os.symlink("x", name + "/newlink")),
        ("mkfifo", lambda: os.mkfifo(name + "/newfifo")),
        ("link", lambda: os.link("victim", name + "/linked")),
        ("rename in", lambda: os.rename("mover", name + "/moved")),
        ("rename out", lambda: os.rename(name + "/f", "out")),
        ("rename within", lambda: os.rename(name + "/f", name + "/g")),
        ("unlink", lambda: os.unlink(name + "/f")),
        ("rmdir", lambda: os.rmdir(name + "/d")),
        ("chmod", lambda: os.chmod(name, 0o700)),
        ("setxattr", lambda: os.setxattr(name, "user.x", b"v")),
        ("rename itself", lambda: os.rename(name, "elsewhere")),
        ("write below", lambda: open(name + "/f", "a").write("more")),
    ]
    lines = ["%s: %s" % (what, outcome(call)) for what, call in calls]
    return "\n".join(lines) + "\n" + " ".join(sorted(os.listdir(name)))


def appended(name, text=b"more"):
    """Data that is written, and then known to be on the disk or not."""
    fd = os.open(name, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, text)
        os.fsync(fd)
    finally:
        os.close(fd)


def outcome_of_append(name):
    return outcome(lambda: appended(name))


def each_change():
    """What each kind of change of lower files s0, s1... and of new names says."""
    calls = [
        ("chmod", lambda: os.chmod("s0", 0o600)),
        ("append", lambda: appended("s1")),
        ("setxattr", lambda: os.setxattr("s2", "user.x", b"v")),
        ("utimes", lambda: os.utime("s3", ns=(1, 1))),
        ("link", lambda: os.link("s4", "s4-linked")),
        ("rename", lambda: os.rename("s5", "s5-renamed")),
        ("rename over", lambda: os.rename("s6", "s7")),
        ("append below", lambda: appended("d/e/f")),
        ("chmod directory", lambda: os.chmod("d", 0o700)),
        ("create", lambda: os.close(os.open("new", os.O_CREAT | os.O_EXCL | os.O_WRONLY))),
        ("mkdir", lambda: os.mkdir("newdir")),
        ("symlink", lambda: os.symlink("t" * 200, "newlink")),
        ("mkfifo", lambda: os.mkfifo("newfifo")),
        ("unlink", lambda: os.unlink("s8")),
        ("rmdir", lambda: os.rmdir("emptydir")),
    ]
    return "\n".join("%s: %s" % (what, outcome(call)) for what, call in calls)


def read_and_write_open(count):
    """Files that are all open at the same time, read, written, and read again."""
    fds = [os.open("f%d/f" % i, os.O_RDWR) for i in range(int(count))]
    wrong = [i for i, fd in enumerate(fds) if os.pread(fd, 20, 0) != b"%d" % i]
    for i, fd in enumerate(fds):
        os.pwrite(fd, b"new %d" % i, 0)
    for fd in fds:
        os.fsync(fd)
    wrong += [i for i, fd in enumerate(fds) if os.pread(fd, 20, 0) != b"new %d" % i]
    return "%d wrong" % len(wrong)


def removed_while_open(count):
    """Files that are removed while all are open: each needs a descriptor of the server."""
    fds, said = [], set()
    for i in range(int(count)):
        name = "gone%d" % i
        try:
            fds.append(os.open(name, os.O_CREAT | os.O_RDWR, 0o644))
            os.write(fds[-1], b"x")
            os.unlink(name)
        except OSError as e:
            said.add(error_name(e))
    for fd in fds:
        os.close(fd)
    return " ".join(sorted(said))


def error_name(e):
    return "EOPNOTSUPP" if e.errno == errno.EOPNOTSUPP else errno.errorcode[e.errno]


try:
    print(globals()[sys.argv[1]](*sys.argv[2:]))
except OSError as e:
    print(error_name(e))
