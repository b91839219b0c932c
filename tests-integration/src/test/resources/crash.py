"""Random changes of a union whose server dies, and what must be there afterwards.

  crash.py work UNION SHADOW STATE PROGRESS SEED    until the server is gone
  crash.py check TREE SHADOW STATE [links] [index]  after it

Each change is made in the union, and when it was answered in the shadow, a plain directory. The one
that was not answered may have happened or not. Data that was not synced may be there page by page.
"""

import errno
import os
import pickle
import random
import stat
import sys

PAGE = 4096
DEAD = {errno.ENOTCONN, errno.ECONNABORTED, errno.EIO}
SET_TIMES_BEFORE = 1_000_000_000
NAMES = ["a", "b", "c", "d"]


class Dead(Exception):
    pass


class State:
    def __init__(self):
        self.pending = {}  # by inode of the shadow: contents that may be there
        self.linked = set()  # inodes of the shadow that are hard links of a lower
        self.in_flight = None

    def changed(self, shadow, call):
        """Makes a change in the shadow; a new file may get the inode number of a removed one."""
        change(shadow, call)
        if call[0] in ("create", "mkdir", "symlink", "mkfifo"):
            ino = os.lstat(os.path.join(shadow, call[1])).st_ino
            self.pending.pop(ino, None)
            self.linked.discard(ino)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def random_path(rng):
    chance = rng.randrange(14)
    if chance == 0:
        return "hard%d" % rng.randrange(3)
    if chance == 1:
        return "big%d" % rng.randrange(4)
    return "/".join(rng.choice(NAMES) for _ in range(1 + rng.randrange(3)))


def change(root, call):
    """Makes a change in a tree."""
    kind, path, other, number = call
    path = os.path.join(root, path)
    other_path = os.path.join(root, other)
    if kind == "create":
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 | number))
    elif kind == "mkdir":
        os.mkdir(path, 0o700 | number)
    elif kind == "symlink":
        os.symlink(other, path)
    elif kind == "mkfifo":
        os.mkfifo(path)
    elif kind == "link":
        os.link(path, other_path, follow_symlinks=False)
    elif kind == "unlink":
        os.unlink(path)
    elif kind == "rmdir":
        os.rmdir(path)
    elif kind == "rename":
        os.rename(path, other_path)
    elif kind == "truncate":
        if stat.S_ISREG(os.lstat(path).st_mode):
            os.truncate(path, number)
    elif kind == "chmod":
        kind_of = os.lstat(path).st_mode
        if not stat.S_ISLNK(kind_of):
            # the owner can read it afterwards, or a user could not check it
            os.chmod(path, (0o700 if stat.S_ISDIR(kind_of) else 0o600) | number)
    elif kind == "utime":
        os.utime(path, ns=(number * 10**9, number * 10**9 + 5), follow_symlinks=False)
    elif kind == "setxattr":
        os.setxattr(path, "user.x", b"%d" % number, follow_symlinks=False)
    elif kind == "removexattr":
        os.removexattr(path, "user.x", follow_symlinks=False)
    else:
        raise ValueError(kind)


KINDS = (
    "create create create mkdir mkdir symlink mkfifo link unlink unlink rmdir rename rename rename"
    " truncate chmod chmod utime setxattr removexattr write write write synced synced"
).split()


def regular(path):
    return stat.S_ISREG(os.lstat(path).st_mode)


class Worker:
    def __init__(self, union, shadow, progress, rng):
        self.union = union
        self.shadow = shadow
        self.rng = rng
        self.state = State()
        self.progress = os.open(progress, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        for name in os.listdir(shadow):
            if name.startswith("hard"):
                self.state.linked.add(os.lstat(os.path.join(shadow, name)).st_ino)

    def run(self):
        try:
            while True:
                self.step()
        except Dead:
            return

    def step(self):
        kind = self.rng.choice(KINDS)
        call = (kind, random_path(self.rng), random_path(self.rng), self.rng.randrange(0o100))
        try:
            if kind in ("write", "synced"):
                self.write(call, kind == "synced")
            else:
                if kind in ("truncate", "utime"):
                    self.sync(call)
                self.simple(call)
        except OSError as error:
            if error.errno in DEAD:
                raise Dead from error
        os.write(self.progress, b".")

    def simple(self, call):
        self.state.in_flight = call
        try:
            change(self.union, call)
        except OSError as error:
            if error.errno not in DEAD:
                self.state.in_flight = None
            raise
        self.state.in_flight = None
        self.state.changed(self.shadow, call)

    def sync(self, call):
        path = os.path.join(self.union, call[1])
        if regular(path):
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)
            ino = os.lstat(os.path.join(self.shadow, call[1])).st_ino
            self.state.pending.pop(ino, None)

    def write(self, call, synced):
        path = os.path.join(self.union, call[1])
        if not regular(path):
            return
        size = os.lstat(path).st_size
        page = self.rng.randrange(size // PAGE + 1)
        inside = self.rng.randrange(200)
        at = page * PAGE + min(inside, max(0, size - page * PAGE))
        data = b"%016x" % self.rng.getrandbits(64) * self.rng.randrange(1, 20)
        shadow = os.path.join(self.shadow, call[1])
        ino = os.lstat(shadow).st_ino
        file = os.open(path, os.O_WRONLY)
        try:
            versions = self.state.pending.setdefault(ino, [content(shadow)])
            with open(shadow, "r+b") as plain:
                plain.seek(at)
                plain.write(data)
            versions.append(content(shadow))
            if os.pwrite(file, data, at) != len(data):
                raise AssertionError("short write")
            if synced:
                os.fsync(file)
                self.state.pending.pop(ino)
        finally:
            os.close(file)


class Difference(Exception):
    pass


def one_of(actual, versions):
    """Whether each page is that of one of the versions, and the size too."""
    if len(actual) not in {len(version) for version in versions}:
        return False
    for at in range(0, len(actual), PAGE):
        page = actual[at : at + PAGE]
        if not any(version[at : at + PAGE].ljust(len(page), b"\0")[: len(page)] == page
                   for version in versions):
            return False
    return True


class Check:
    def __init__(self, tree, shadow, state, words):
        self.tree = tree
        self.shadow = shadow
        self.state = state
        self.links = "links" in words
        self.index = "index" in words

    def run(self):
        try:
            self.directory("")
            return
        except Difference as difference:
            first = str(difference)
        if self.state.in_flight is None:
            raise SystemExit("differs: " + first)
        try:
            self.state.changed(self.shadow, self.state.in_flight)
        except OSError as error:
            raise SystemExit(
                "%s\nand %s is impossible: %s" % (first, self.state.in_flight, error)
            ) from error
        self.state.in_flight = None
        try:
            self.directory("")
        except Difference as difference:
            raise SystemExit("neither: %s\nnor: %s" % (first, difference)) from difference

    def directory(self, path):
        expected = sorted(os.listdir(os.path.join(self.shadow, path)))
        actual = sorted(os.listdir(os.path.join(self.tree, path)))
        if expected != actual:
            raise Difference("%s: should have %s, has %s" % (path or "/", expected, actual))
        for name in expected:
            child = os.path.join(path, name)
            self.object(child)
            if stat.S_ISDIR(os.lstat(os.path.join(self.shadow, child)).st_mode):
                self.directory(child)

    def object(self, path):
        plain = os.path.join(self.shadow, path)
        shown = os.path.join(self.tree, path)
        expected = os.lstat(plain)
        actual = os.lstat(shown)
        linked = expected.st_ino in self.state.linked
        if linked and not self.index:
            return  # overlayfs without its index breaks hard links
        pending = self.state.pending.get(expected.st_ino)
        self.same(path, "mode", "%o" % expected.st_mode, "%o" % actual.st_mode)
        self.same(path, "owner", (expected.st_uid, expected.st_gid), (actual.st_uid, actual.st_gid))
        if self.links and not stat.S_ISDIR(expected.st_mode):
            self.same(path, "links", expected.st_nlink, actual.st_nlink)
        if not stat.S_ISDIR(expected.st_mode) and pending is None:
            if expected.st_mtime < SET_TIMES_BEFORE:
                self.same(path, "mtime", expected.st_mtime_ns, actual.st_mtime_ns)
        self.same(path, "xattr", self.xattr(plain), self.xattr(shown))
        if stat.S_ISLNK(expected.st_mode):
            self.same(path, "target", os.readlink(plain), os.readlink(shown))
        elif stat.S_ISREG(expected.st_mode):
            data = content(shown)
            if pending is None:
                if data != content(plain):
                    raise Difference(
                        "%s: content of %d bytes differs from that of %d"
                        % (path, len(data), expected.st_size)
                    )
            elif not one_of(data, pending):
                raise Difference(
                    "%s: %d bytes are none of %d versions" % (path, len(data), len(pending))
                )

    @staticmethod
    def xattr(path):
        try:
            return os.getxattr(path, "user.x", follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENODATA, errno.EOPNOTSUPP, errno.EPERM):
                return None
            raise

    @staticmethod
    def same(path, what, expected, actual):
        if expected != actual:
            raise Difference("%s: %s should be %s, is %s" % (path, what, expected, actual))


def main():
    if sys.argv[1] == "work":
        _, _, union, shadow, state, progress, seed = sys.argv
        worker = Worker(union, shadow, progress, random.Random(int(seed)))
        worker.run()
        with open(state, "wb") as file:
            pickle.dump(worker.state, file)
    else:
        tree, shadow, state = sys.argv[2:5]
        with open(state, "rb") as file:
            loaded = pickle.load(file)
        Check(tree, shadow, loaded, sys.argv[5:]).run()
        with open(state, "wb") as file:
            pickle.dump(loaded, file)


main()
