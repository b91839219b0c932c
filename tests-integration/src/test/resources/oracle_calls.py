# The processes of oracle.py that make the calls: each has its own descriptors, maps, listings, working
# directory, umask and account, and answers one call at a time over a pipe.
import ctypes
import errno
import fcntl
import hashlib
import json
import mmap
import os
import select
import signal
import stat
import struct
import sys
import traceback

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000
PR_SET_DUMPABLE = 4
F_OFD_SETLK = 37
UTIME_OMIT = (1 << 30) - 2
TIMES_BEFORE = 1_000_000_000  # seconds; those that are set lie before this, those of the clock behind it
ACL_TAGS = {1: "u:", 2: "u:%d", 4: "g:", 8: "g:%d", 16: "m:", 32: "o:"}
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]


class Nothing(Exception):
    """The call is about something that this process does not have."""


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def error_name(e):
    return "EOPNOTSUPP" if e.errno == errno.EOPNOTSUPP else errno.errorcode.get(e.errno, str(e.errno))


def moment(seconds, nanos):
    return "%d.%09d" % (seconds, nanos) if seconds < TIMES_BEFORE else "now"


class Status:
    """What statx(2) says."""

    def __init__(self, fd, path, flags):
        buffer = ctypes.create_string_buffer(256)
        check(LIBC.statx(fd, os.fsencode(path), flags, 0xFFF, buffer))
        field = struct.unpack_from
        self.where = (fd, path, flags)
        self.nlink, self.uid, self.gid, self.mode = field("IIIH", buffer, 16)
        self.ino, self.size = field("QQ", buffer, 32)
        self.atime = field("qI", buffer, 64)
        self.mtime = field("qI", buffer, 112)
        self.rdev = field("II", buffer, 128)

    def is_dir(self):
        return stat.S_ISDIR(self.mode)

    def __str__(self):
        words = ["%06o" % self.mode, "%d:%d" % (self.uid, self.gid)]
        if self.is_dir():
            words.append("gone" if self.nlink == 0 else "")
        else:
            words.append("%d links, %d bytes" % (self.nlink, self.size))
        if stat.S_ISCHR(self.mode) or stat.S_ISBLK(self.mode):
            words.append("device %d:%d" % self.rdev)
        words.append("mtime " + moment(*self.mtime))
        return " ".join(words)


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_char * 128)]


def handle(fd, path, flags):
    """Inode number and generation, as the file system writes them."""
    found = Handle(128, 0)
    mount = ctypes.c_int()
    # this call follows where the others do not
    flags = flags & AT_EMPTY_PATH | (0 if flags & AT_SYMLINK_NOFOLLOW else AT_SYMLINK_FOLLOW)
    check(LIBC.name_to_handle_at(fd, os.fsencode(path), ctypes.byref(found), ctypes.byref(mount), flags))
    return ctypes.string_at(ctypes.addressof(found) + 8, found.size).hex()


def shown(data):
    """Bytes as text, long ones by their length and hash, zeros told apart at sight."""
    if not data.strip(b"\0"):
        return "%d zeros" % len(data)
    if len(data) <= 24:
        return repr(data)[1:]
    return "%d bytes %s" % (len(data), hashlib.sha1(data).hexdigest()[:12])


def acl_text(value):
    if len(value) < 4 or (len(value) - 4) % 8:
        return value.hex()
    words = []
    for at in range(4, len(value), 8):
        tag, rights, who = struct.unpack_from("HHI", value, at)
        name = ACL_TAGS.get(tag, "?%d" % tag)
        words.append("%s:%o" % (name % who if "%" in name else name, rights))
    return ",".join(words)


def acl_bytes(text):
    value = struct.pack("I", 2)
    for word in text.split(","):
        kind, who, rights = word.split(":")
        tag = {"u": 2 if who else 1, "g": 8 if who else 4, "m": 16, "o": 32}[kind]
        value += struct.pack("HHI", tag, int(rights, 8), int(who) if who else 0xFFFFFFFF)
    return value


def attribute_text(name, value):
    if name.startswith("system.posix_acl_"):
        return acl_text(value)
    return shown(value)


class Listing:
    """A directory that is being read a few entries at a time, and the names that it gave."""

    def __init__(self, fd):
        self.fd = fd
        self.position = 0  # behind the last entry that was read
        self.seen = []
        self.remembered = None  # (position, how many names before)

    def read(self, room):
        """One getdents64(2); whether there may be more."""
        buffer = ctypes.create_string_buffer(room)
        got = check(LIBC.getdents64(self.fd, buffer, ctypes.c_size_t(room)))
        at = 0
        while at < got:
            self.position, length = struct.unpack_from("qH", buffer, at + 8)
            self.seen.append(os.fsdecode(buffer.raw[at + 19 : at + length].split(b"\0", 1)[0]))
            at += length
        return got > 0

    def read_all(self):
        while self.read(400):
            pass

    def restart(self, position=0):
        os.lseek(self.fd, position, os.SEEK_SET)
        self.position, self.seen = position, []


class Caller:
    def __init__(self, root, by_handle):
        self.root = root
        self.by_handle = by_handle  # inode numbers are used again at once, handles are not
        self.fds = {}
        self.maps = {}
        self.listings = {}
        self.identities = []

    # -- names

    def path(self, text):
        """/x is below the root of the tree, @3/x below descriptor 3, all else below the working directory."""
        if text.startswith("/"):
            return self.root + text.rstrip("/") if text != "/" else self.root
        if text.startswith("@"):
            slot, _, rest = text[1:].partition("/")
            return "/proc/self/fd/%d/%s" % (self.fd(int(slot)), rest)
        return text

    def fd(self, slot):
        if slot not in self.fds:
            raise Nothing()
        return self.fds[slot]

    def of(self, target):
        """A descriptor by slot number, or a path."""
        return self.fd(target) if isinstance(target, int) else self.path(target)

    def keep(self, slot, fd):
        if slot in self.fds:
            os.close(self.fds.pop(slot))
        self.fds[slot] = fd

    def keep_and_tell(self, slot, fd):
        try:
            told = self.note(Status(fd, "", AT_EMPTY_PATH))
        except OSError:
            os.close(fd)
            raise
        self.keep(slot, fd)
        return told

    def note(self, status):
        self.identities.append(handle(*status.where) if self.by_handle else status.ino)
        return str(status)

    def status(self, target, flags=0):
        if isinstance(target, int):
            return Status(self.fd(target), "", AT_EMPTY_PATH | flags)
        return Status(AT_FDCWD, self.path(target), flags)

    # -- descriptors

    def open(self, slot, path, flags, mode):
        return self.keep_and_tell(slot, os.open(self.path(path), flags | os.O_NONBLOCK, mode))

    def reopen(self, slot, source, flags):
        fd = os.open("/proc/self/fd/%d" % self.fd(source), flags | os.O_NONBLOCK)
        return self.keep_and_tell(slot, fd)

    def close(self, slot):
        os.close(self.fd(slot))
        del self.fds[slot]

    def pread(self, slot, at, length):
        return shown(os.pread(self.fd(slot), length, at))

    def read(self, slot, length):
        return shown(os.read(self.fd(slot), length))

    def pwrite(self, slot, at, text, times):
        return os.pwrite(self.fd(slot), text.encode() * times, at)

    def write(self, slot, text, times):
        fd = self.fd(slot)
        wrote = os.write(fd, text.encode() * times)
        try:
            return "%d, then at %d" % (wrote, os.lseek(fd, 0, os.SEEK_CUR))
        except OSError as e:
            return "%d, %s" % (wrote, error_name(e))

    def append(self, slot, text, times):
        """pwritev2(2) that appends whatever the descriptor's flags are."""
        return os.pwritev(self.fd(slot), [text.encode(), text.encode() * times], 0, os.RWF_APPEND)

    def seek(self, slot, at, whence):
        if self.status(slot).is_dir():
            raise Nothing()  # each file system has its own positions
        return os.lseek(self.fd(slot), at, whence)

    def truncate(self, path, length):
        os.truncate(self.path(path), length)

    def ftruncate(self, slot, length):
        os.ftruncate(self.fd(slot), length)

    def fallocate(self, slot, mode, at, length):
        check(LIBC.fallocate(self.fd(slot), mode, at, length))
        return str(self.status(slot))

    def holes(self, slot):
        """The content by way of SEEK_DATA; what lies in holes must be zeros, where holes end is not told."""
        fd = self.fd(slot)
        before = os.lseek(fd, 0, os.SEEK_CUR)
        size = os.fstat(fd).st_size
        whole = os.pread(fd, size, 0)
        found = bytearray(size)
        at = 0
        while at < size:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA)
            except OSError as e:
                if e.errno == errno.ENXIO:
                    break
                raise
            end = os.lseek(fd, at, os.SEEK_HOLE)
            found[at:end] = os.pread(fd, end - at, at)
            at = end
        os.lseek(fd, before, os.SEEK_SET)  # which depends on where the holes are
        return shown(whole) + ("" if found == whole else ", but data in a hole")

    def copy_range(self, source, start, target, to, length):
        return os.copy_file_range(self.fd(source), self.fd(target), length, start, to)

    def sendfile(self, source, start, target, length):
        return os.sendfile(self.fd(target), self.fd(source), start, length)

    def fsync(self, slot):
        os.fsync(self.fd(slot))

    def fdatasync(self, slot):
        os.fdatasync(self.fd(slot))

    # -- maps: never touched behind the end of the file

    def map(self, number, slot, writable):
        fd = self.fd(slot)
        size = os.fstat(fd).st_size
        length = (size + 4096 * 3) // 4096 * 4096
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self.unmap_if(number)
        # python would look at the size itself, and refuse
        address = LIBC_MMAP(None, length, protection, mmap.MAP_SHARED, fd, 0)
        if address == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "mmap")
        self.maps[number] = (address, length, os.dup(fd), writable)

    def mapping(self, number):
        if number not in self.maps:
            raise Nothing()
        return self.maps[number]

    def map_read(self, number, at, length):
        address, whole, fd, _ = self.mapping(number)
        end = min(os.fstat(fd).st_size, whole, at + length)
        return shown(ctypes.string_at(address + at, end - at) if end > at else b"")

    def map_write(self, number, at, text, times):
        address, whole, fd, writable = self.mapping(number)
        if not writable:
            raise Nothing()
        data = (text.encode() * times)[: max(0, min(os.fstat(fd).st_size, whole) - at)]
        ctypes.memmove(address + at, data, len(data))
        return len(data)

    def msync(self, number):
        address, length, _, _ = self.mapping(number)
        check(LIBC.msync(ctypes.c_void_p(address), ctypes.c_size_t(length), 4))

    def unmap_if(self, number):
        if number in self.maps:
            address, length, fd, _ = self.maps.pop(number)
            check(LIBC.munmap(ctypes.c_void_p(address), ctypes.c_size_t(length)))
            os.close(fd)

    def unmap(self, number):
        self.mapping(number)
        self.unmap_if(number)

    # -- names

    def link(self, old, new, follow):
        flags = AT_SYMLINK_FOLLOW if follow else 0
        check(LIBC.linkat(AT_FDCWD, os.fsencode(self.path(old)), AT_FDCWD, os.fsencode(self.path(new)), flags))

    def link_fd(self, slot, new):
        source = b"/proc/self/fd/%d" % self.fd(slot)
        check(LIBC.linkat(AT_FDCWD, source, AT_FDCWD, os.fsencode(self.path(new)), AT_SYMLINK_FOLLOW))

    def unlink(self, path):
        os.unlink(self.path(path))

    def rmdir(self, path):
        os.rmdir(self.path(path))

    def mkdir(self, path, mode):
        os.mkdir(self.path(path), mode)
        return self.note(self.status(path, AT_SYMLINK_NOFOLLOW))

    def mknod(self, path, mode, major, minor):
        os.mknod(self.path(path), mode, os.makedev(major, minor))
        return self.note(self.status(path, AT_SYMLINK_NOFOLLOW))

    def symlink(self, text, path):
        os.symlink(text, self.path(path))
        return self.note(self.status(path, AT_SYMLINK_NOFOLLOW))

    def readlink(self, path):
        return os.readlink(self.path(path))

    def is_dir(self, path):
        """For the driver."""
        if not Status(AT_FDCWD, self.path(path), AT_SYMLINK_NOFOLLOW).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, path)

    def has_size(self, path, size):
        """For the driver."""
        return Status(AT_FDCWD, self.path(path), 0).size == size

    def is_fifo(self, slot):
        """For the driver."""
        return stat.S_ISFIFO(self.status(slot).mode)

    def is_lost(self, target):
        """For the driver: whether a descriptor, or where a path starts, has no name, by which libfuse knows most."""
        if isinstance(target, str) and target.startswith("/"):
            return False
        if isinstance(target, str) and target.startswith("@"):
            target = int(target[1:].partition("/")[0])
        link = "/proc/self/fd/%d" % self.fd(target) if isinstance(target, int) else "/proc/self/cwd"
        return os.readlink(link).endswith(" (deleted)")

    def is_same(self, one, other):
        """For the driver: whether two names are of one file."""
        return os.path.samestat(os.lstat(self.path(one)), os.lstat(self.path(other)))

    def rename(self, old, new, flags):
        check(LIBC.renameat2(AT_FDCWD, os.fsencode(self.path(old)), AT_FDCWD, os.fsencode(self.path(new)), flags))

    def chdir(self, path):
        os.chdir(self.path(path))

    def fchdir(self, slot):
        os.fchdir(self.fd(slot))

    # -- attributes

    def chmod(self, target, mode):
        os.chmod(self.of(target), mode)
        return self.note(self.status(target))

    def chown(self, target, uid, gid, follow):
        if isinstance(target, int):
            os.chown(self.fd(target), uid, gid)
            return self.note(self.status(target))
        os.chown(self.path(target), uid, gid, follow_symlinks=follow)
        return self.note(self.status(target, 0 if follow else AT_SYMLINK_NOFOLLOW))

    def utimens(self, target, times, follow):
        """times: four numbers as in struct timespec[2], UTIME_NOW and UTIME_OMIT included."""
        flags = 0 if follow or isinstance(target, int) else AT_SYMLINK_NOFOLLOW
        pair = (ctypes.c_long * 4)(*times)
        if isinstance(target, int):
            check(LIBC.futimens(self.fd(target), pair))
        else:
            check(LIBC.utimensat(AT_FDCWD, os.fsencode(self.path(target)), pair, flags))
        status = self.status(target, flags)
        # a time of access that was not set is that of the last read on one side only
        return self.note(status) + (" atime " + moment(*status.atime) if times[1] != UTIME_OMIT else "")

    def setxattr(self, target, name, text, flags, follow):
        value = acl_bytes(text) if name.startswith("system.") and text else os.fsencode(text)
        if isinstance(target, int):
            os.setxattr(self.fd(target), name, value, flags)
            return self.note(self.status(target))
        os.setxattr(self.path(target), name, value, flags, follow_symlinks=follow)
        return self.note(self.status(target, 0 if follow else AT_SYMLINK_NOFOLLOW))

    def getxattr(self, target, name, follow):
        if isinstance(target, int):
            return attribute_text(name, os.getxattr(self.fd(target), name))
        return attribute_text(name, os.getxattr(self.path(target), name, follow_symlinks=follow))

    def removexattr(self, target, name, follow):
        if isinstance(target, int):
            os.removexattr(self.fd(target), name)
        else:
            os.removexattr(self.path(target), name, follow_symlinks=follow)

    def listxattr(self, target, follow):
        if isinstance(target, int):
            return " ".join(sorted(os.listxattr(self.fd(target))))
        return " ".join(sorted(os.listxattr(self.path(target), follow_symlinks=follow)))

    def umask(self, mask):
        return os.umask(mask)

    def stat(self, target, flags):
        return self.note(self.status(target, flags))

    def access(self, path, mode, effective, follow):
        return os.access(self.path(path), mode, effective_ids=effective, follow_symlinks=follow)

    # -- locks

    def flock(self, slot, kind):
        fcntl.flock(self.fd(slot), kind | fcntl.LOCK_NB)

    def lock(self, slot, kind, start, length, description):
        value = struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0)
        fcntl.fcntl(self.fd(slot), F_OFD_SETLK if description else fcntl.F_SETLK, value)

    # -- listings

    def list(self, path):
        return " ".join(sorted(os.listdir(self.path(path))))

    def opendir(self, number, path):
        fd = os.open(self.path(path), os.O_RDONLY | os.O_DIRECTORY)
        self.closedir_if(number)
        self.listings[number] = Listing(fd)

    def listing_fd(self, number):
        """Which descriptor a listing has, for the driver."""
        return self.listing(number).fd

    def listing(self, number):
        if number not in self.listings:
            raise Nothing()
        return self.listings[number]

    def closedir_if(self, number):
        if number in self.listings:
            os.close(self.listings.pop(number).fd)

    def closedir(self, number):
        self.listing(number)
        self.closedir_if(number)

    def readdir(self, number, room):
        self.listing(number).read(room)

    def rewinddir(self, number):
        listing = self.listing(number)
        listing.restart()
        listing.remembered = None

    def telldir(self, number):
        listing = self.listing(number)
        listing.remembered = (listing.position, len(listing.seen))

    def readdir_end(self, number):
        """Reads to the end; all names, and those that the remembered position gives when it is sought again."""
        listing = self.listing(number)
        listing.read_all()
        seen, first = listing.seen, []
        if listing.remembered:
            position, before = listing.remembered
            first = seen[before:]
            listing.restart(position)
            listing.read_all()
        else:
            listing.seen = []
        again = listing.seen
        self.closedir(number)
        return [seen, first, again]

    # -- everything

    def tree(self, content):
        """One line for each object, in order; and what is wrong within one answer."""
        lines = []
        self.walk(self.root, "", content, lines)
        return lines

    def walk(self, path, name, content, lines):
        try:
            status = Status(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)
        except OSError as e:
            lines.append("%s %s" % (name, error_name(e)))
            return
        line = [name or "/", self.note(status)]
        kind = stat.S_IFMT(status.mode)
        if content and kind == stat.S_IFREG:
            line.append(self.content(path, status))
        if kind == stat.S_IFLNK:
            line.append("-> " + os.readlink(path))
        line.append(self.attributes(path))
        lines.append(" ".join(line))
        if kind == stat.S_IFDIR:
            try:
                with os.scandir(path) as entries:
                    children = sorted((entry.name, entry.inode()) for entry in entries)
            except OSError as e:
                lines.append("  %s" % error_name(e))
                return
            for child, number in children:
                below = path + "/" + child
                self.walk(below, name + "/" + child, content, lines)
                try:
                    if Status(AT_FDCWD, below, AT_SYMLINK_NOFOLLOW).ino != number:
                        lines.append("  d_ino of %s is not its st_ino" % child)
                except OSError:
                    pass  # said by the walk

    def content(self, path, status):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as e:
            return error_name(e)
        try:
            data = os.read(fd, 1 << 24)
            if len(data) != status.size:
                return "read %d bytes of %d" % (len(data), status.size)
            return shown(data)
        finally:
            os.close(fd)

    def attributes(self, path):
        try:
            names = sorted(os.listxattr(path, follow_symlinks=False))
        except OSError as e:
            return error_name(e)
        words = []
        for name in names:
            try:
                value = attribute_text(name, os.getxattr(path, name, follow_symlinks=False))
            except OSError as e:
                value = error_name(e)
            words.append("%s=%s" % (name, value))
        return "[" + " ".join(words) + "]"

    def call(self, name, arguments):
        """The answer, and the identities of what it told of."""
        self.identities = []
        try:
            value = getattr(self, name)(*arguments)
            answer = "OK" if value is None else value if isinstance(value, list) else str(value)
        except Nothing:
            answer = "nothing"
        except OSError as e:
            answer = error_name(e)
        return [answer, self.identities]


LIBC_MMAP = LIBC.mmap
LIBC_MMAP.restype = ctypes.c_void_p
LIBC_MMAP.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]


class Process:
    """The other end: one process that makes calls below a directory."""

    PATIENCE = 100  # seconds

    def __init__(self, root, by_handle, account, others):
        request_read, self.request = os.pipe()
        self.answer, answer_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                for other in others:
                    os.close(other.request)
                    os.close(other.answer)
                os.close(self.request)
                os.close(self.answer)
                self.serve(root, by_handle, account, request_read, answer_write)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(request_read)
        os.close(answer_write)
        self.rest = b""

    @staticmethod
    def serve(root, by_handle, account, request, answer):
        os.umask(0o022)
        os.chdir(root)
        if account:
            os.setgroups(account["groups"])
            os.setresgid(*[account["gid"]] * 3)
            os.setresuid(*[account["uid"]] * 3)
            check(LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
        caller = Caller(root, by_handle)
        for line in os.fdopen(request, "r"):
            name, arguments = json.loads(line)
            reply = json.dumps(caller.call(name, arguments)) + "\n"
            os.write(answer, b"%d\n" % len(reply))
            data = reply.encode()
            while data:
                data = data[os.write(answer, data) :]

    def call(self, name, *arguments):
        try:
            os.write(self.request, json.dumps([name, arguments]).encode() + b"\n")
        except BrokenPipeError:
            raise Dead("is dead before " + name) from None
        while b"\n" not in self.rest:
            self.more(name)
        length, _, self.rest = self.rest.partition(b"\n")
        while len(self.rest) < int(length):
            self.more(name)
        reply, self.rest = self.rest[: int(length)], self.rest[int(length) :]
        return json.loads(reply)

    def more(self, name):
        if not select.select([self.answer], [], [], self.PATIENCE)[0]:
            raise Dead("hangs in " + name)
        data = os.read(self.answer, 1 << 20)
        if not data:
            status = os.waitpid(self.pid, 0)[1]
            self.pid = 0
            raise Dead("died in %s with status %#x" % (name, status))
        self.rest += data

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def end(self):
        """Closes all that it has open, and waits for it."""
        os.close(self.request)
        if self.pid:
            os.waitpid(self.pid, 0)
        os.close(self.answer)


class Dead(Exception):
    """A process that gives no answer."""


if sys.byteorder != "little":
    raise SystemExit("ACLs are little-endian")
