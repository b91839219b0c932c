# Layers that an attacker wrote, and a program that meets them.
#   hostile.py make HOME SEED    makes HOME/{lower,lower2,lower3,upper}; seed 0 is the fixed corpus
#   hostile.py meet DIRECTORY    reads everything, changes everything, removes everything
# "meet" prints the errors that it met, by name; it fails where data from outside of the layers shows,
# and where the mount is gone.
import errno
import os
import random
import signal
import socket
import stat
import sys

MARKER = b"CANARY-OUTSIDE-OF-THE-LAYERS"
LAYERS = ["upper", "lower", "lower2", "lower3"]
FATAL = {errno.ENOTCONN, errno.ECONNABORTED, errno.ENOSYS, errno.EFAULT, errno.ENOMEM}
LONG = b"n" * 255
NAMES = [
    b"a", b"b", b"c", b"d", b".wh.", b".wh..", b".wh.a", b".wh.b", b".wh..wh..opq", b".wh..wh.aufs",
    b".wh..wh.plnk", LONG, b".wh." + b"n" * 251, b".wh." + b"n" * 250, b"\xff\xfe\x80", b"new\nline",
    b"#1", b"work", b"index", b"-rf", b" ", b".fuse_hidden0000000000000001", b"\xe2\x82",
]  # fmt: skip
SPACES = ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs.", "user.containers."]
MARKS = [
    "opaque", "whiteout", "redirect", "metacopy", "origin", "nlink", "impure", "upper", "uuid",
    "protattr", "verity", "xwhiteouts", "override_stat", "overlay.opaque", "",
]  # fmt: skip


def values(rnd):
    fixed = [
        b"", b"y", b"x", b"n", b"Y\0", b"/", b"//", b".", b"..", b"a", b"b", b"/a", b"/b/", b"../a",
        b"/../outside", b"../../outside/secret", b"a/../../outside", b"/outside", b"/a/b/c/d/e/f",
        b"/" + LONG, b"/" + b"x/" * 1500, b"U+999999999999", b"U-2147483648", b"L-1", b"L+2147483647",
        b"U+", b"U", b"a", b"i", b"ai", b"\0\xfb", b"\0\xfb\x00\x00\x01", b"\0\xfb\xff\x01\x81",
        b"\0\xfb" + bytes([37, 0, 1]) + bytes(16) + b"\xff" * 16,
        b"\0\xfb" + bytes([29, 0, 1]) + bytes(16) + bytes(8),
        b"\0\xfb" + bytes([26, 2, 255]) + bytes(16) + b"\x01\x02\x03\x04\x05",
        b"0:0:4777", b"4294967295:4294967295:0100777:link", b"-1:-1:-1", b"0:0:0755:block-0-0",
    ]  # fmt: skip
    if rnd.random() < 0.3:
        return rnd.randbytes(rnd.choice([1, 4, 40, 255, 2000]))
    return rnd.choice(fixed)


def quietly(call, *arguments, **named):
    """What the host refuses is not in the layer."""
    try:
        return call(*arguments, **named)
    except OSError:
        return None


def mark(rnd, path, chance):
    while rnd.random() < chance:
        name = rnd.choice(SPACES) + rnd.choice(MARKS)
        quietly(os.setxattr, path, name, values(rnd), follow_symlinks=False)


def symlink_target(rnd, outside):
    return rnd.choice([
        outside, outside + b"/secret", b"..", b"../..", b"/", b"/proc/self/root", b".", b"a", b"b/c",
        b"../upper", b"../outside", b"../../outside", b"x" * 4000, b"/dev/zero", b"loop",
    ])  # fmt: skip


def make_one(rnd, path, outside, depth):
    kind = rnd.choice(
        ["file"] * 4 + ["dir"] * 6 + ["symlink"] * 3 + ["fifo", "socket", "whiteout", "null", "hole", "hard"]
    )
    if kind == "dir":
        if quietly(os.mkdir, path, rnd.choice([0o755, 0o700, 0o1777, 0o2755])) is None and depth < 4:
            if os.path.isdir(path):
                fill(rnd, path, outside, depth + 1)
    elif kind == "file":
        with open(path, "wb") as f:
            f.write(rnd.randbytes(rnd.choice([0, 0, 10, 5000])))
    elif kind == "hole":
        with open(path, "wb") as f:
            f.truncate(rnd.choice([1, 4096, 1 << 20]))
    elif kind == "symlink":
        os.symlink(symlink_target(rnd, outside), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        os.chdir(os.path.dirname(path))  # sun_path is short
        quietly(lambda: socket.socket(socket.AF_UNIX).bind(os.path.basename(path)))
    elif kind == "hard":
        others = [n for n in os.listdir(os.path.dirname(path))]
        if others:
            other = os.path.join(os.path.dirname(path), rnd.choice(others))
            quietly(os.link, other, path, follow_symlinks=False)
    else:
        device = os.makedev(0, 0) if kind == "whiteout" else os.makedev(1, 3)
        quietly(os.mknod, path, stat.S_IFCHR | 0o666, device)
    if os.path.lexists(path):
        mark(rnd, path, 0.5)
        if rnd.random() < 0.1:
            quietly(os.setxattr, path, "user." + "x" * 250, b"v" * 3000, follow_symlinks=False)


def fill(rnd, directory, outside, depth):
    for name in rnd.sample(NAMES, rnd.randint(1, 6 if depth else 14)):
        make_one(rnd, os.path.join(directory, name), outside, depth)


def deep(directory, levels):
    """A path longer than PATH_MAX."""
    os.chdir(directory)
    for _ in range(levels):
        os.mkdir(b"d" * 200)
        os.chdir(b"d" * 200)
    with open("bottom", "w") as f:
        f.write("bottom")
    os.chdir("/")


def corpus(home, outside):
    """Each trick once, on its own name."""

    def layer(name, *parts):
        path = os.path.join(home, name.encode(), *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(path, text=b"text", **marks):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text)

    # parents that are links in one layer and directories in another
    for upper, lower in (("upper", "lower"), ("lower", "lower2"), ("lower2", "lower3")):
        os.symlink(outside, layer(upper, b"up-" + upper.encode()))
        write(layer(lower, b"up-" + upper.encode(), b"secret"), b"mine")
        os.mkdir(layer(upper, b"down-" + upper.encode()))
        os.symlink(outside, layer(lower, b"down-" + upper.encode()))
        for kind in (b"fifo", b"null"):
            name = kind + b"-" + upper.encode()
            if kind == b"fifo":
                os.mkfifo(layer(lower, name))
            else:
                quietly(os.mknod, layer(lower, name), stat.S_IFCHR, os.makedev(1, 3))
            os.mkdir(layer(upper, name))
            write(layer("lower3", name, b"below")) if lower != "lower3" else None
    os.symlink(b"loop", layer("lower", b"loop"))
    os.symlink(outside + b"/secret", layer("lower", b"link"))
    # marks with every value on a directory and a file
    rnd = random.Random(7)
    number = 0
    for space in SPACES[:3]:
        for what in MARKS:
            name = b"m%d" % number
            number += 1
            value = values(rnd)
            at = LAYERS[number % 4]
            os.mkdir(layer(at, name))
            write(layer("lower3", name, b"f")) if at != "lower3" else None
            quietly(os.setxattr, layer(at, name), space + what, value)
            write(layer(at, b"f-" + name), b"" if number % 2 else b"text")
            if number % 3 == 0:
                os.truncate(layer(at, b"f-" + name), 5000)
            quietly(os.setxattr, layer(at, b"f-" + name), space + what, value)
    for space in SPACES[:2]:
        for name, to in ((b"ra", b"/rb"), (b"rb", b"/ra"), (b"rc", b"/rc"), (b"rd", b"../outside"), (b"re", b"/")):
            for at in ("lower", "lower2"):
                os.makedirs(layer(at, name), exist_ok=True)
                quietly(os.setxattr, layer(at, name), space + "redirect", to)
    for name in NAMES:
        for at in ("lower", "lower2"):
            if not os.path.lexists(layer(at, name)):
                write(layer(at, name))
        write(layer("upper", b"names", name))
    write(layer("lower", LONG[:-1] + b"m", LONG, LONG))
    deep(layer("lower", b"x")[:-2], 30)
    many = layer("lower", b"many-xattrs")
    write(many)
    for i in range(40):
        quietly(os.setxattr, many, "user.%03d" % i + "n" * 60, b"v" * 20)


def make(home, seed):
    home = os.fsencode(home)
    outside = os.path.join(home, b"outside")
    os.makedirs(outside, exist_ok=True)
    for name in (b"secret", b"a", b"f"):
        with open(os.path.join(outside, name), "wb") as f:
            f.write(MARKER + b"\n")
    for layer in LAYERS:
        os.makedirs(os.path.join(home, layer.encode()), exist_ok=True)
    if int(seed) == 0:
        corpus(home, outside)
    else:
        rnd = random.Random(int(seed))
        for layer in LAYERS:
            root = os.path.join(home, layer.encode())
            fill(rnd, root, outside, 0)
            mark(rnd, root, 0.3)
            if rnd.random() < 0.2:
                deep(root, rnd.randint(1, 30))
    return "made"


met = set()


def attempt(call, *arguments, **named):
    try:
        return call(*arguments, **named)
    except OSError as e:
        met.add(errno.errorcode[e.errno])
        if e.errno in FATAL:
            raise SystemExit("fatal: %s in %s%r" % (errno.errorcode[e.errno], call, arguments))
        return None


def check(data):
    if data and MARKER in data:
        raise SystemExit("data from outside of the layers")
    return data


def read(name):
    fd = attempt(os.open, name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    if fd is not None:
        check(attempt(os.read, fd, 1 << 21))
        os.close(fd)


def append(name):
    fd = attempt(os.open, name, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOFOLLOW)
    if fd is not None:
        attempt(os.write, fd, b"appended")
        attempt(os.fsync, fd)
        attempt(os.close, fd)


def look(name, kind):
    """Everything that can be read of a name in the present directory."""
    if stat.S_ISREG(kind):
        read(name)
    elif stat.S_ISLNK(kind):
        attempt(os.readlink, name)
    for xattr in attempt(os.listxattr, name, follow_symlinks=False) or []:
        check(attempt(os.getxattr, name, xattr, follow_symlinks=False))
        if xattr.startswith("user.fuseoverlayfs."):  # of the others those that are escaped show
            raise SystemExit("a mark shows: " + xattr)


def change(name, kind):
    if stat.S_ISREG(kind):
        append(name)
        attempt(os.truncate, name, 3)
        attempt(os.link, name, name[:250] + b"+l", follow_symlinks=False)
    if not stat.S_ISLNK(kind):
        attempt(os.chmod, name, 0o755 if stat.S_ISDIR(kind) else 0o640)
    attempt(os.utime, name, ns=(1, 1), follow_symlinks=False)
    attempt(os.setxattr, name, "user.t", b"v", follow_symlinks=False)
    if attempt(os.rename, name, b"moved") is None and os.path.lexists(b"moved"):
        attempt(os.rename, b"moved", name)


def remove(name, kind):
    attempt(os.rmdir if stat.S_ISDIR(kind) else os.unlink, name)


def made(name):
    os.mkdir(name)
    return True


def again(name, kind):
    """What was removed, made once more as something else."""
    remove(name, kind)
    if stat.S_ISDIR(kind):
        fd = attempt(os.open, name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        if fd is not None:
            os.close(fd)
    else:
        if not os.path.lexists(name) and attempt(made, name) and attempt(os.listdir, name):
            raise SystemExit("a new directory shows what was below: %r" % name)


def walk(action):
    """Calls action(name, type) for all below the present directory, children before their parent."""
    for name in attempt(os.listdir, b".") or []:
        info = attempt(os.lstat, name)
        if info is None:
            continue
        if stat.S_ISDIR(info.st_mode):
            here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
            fd = attempt(os.open, name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            if fd is not None:
                os.fchdir(fd)
                walk(action)
                os.fchdir(here)
                os.close(fd)
            os.close(here)
        action(name, info.st_mode)


def meet(directory):
    signal.alarm(100)
    sys.setrecursionlimit(10000)
    for action in (look, change, look, again, look, remove):
        os.chdir(directory)
        walk(action)
    os.chdir(directory)
    with open("alive", "w") as f:
        f.write("alive")
    return " ".join(sorted(met)) + " " + open("alive").read()


if __name__ == "__main__":
    print(globals()[sys.argv[1]](*sys.argv[2:]))
