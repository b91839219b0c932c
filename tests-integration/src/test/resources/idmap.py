# Mounts a directory with mapped ids: idmap.py SOURCE POINT FIRST maps 0 to FIRST and so on, 1,000 of them.
# mount_setattr(2) with MOUNT_ATTR_IDMAP; mount(8) of util-linux before 2.39 cannot.
import ctypes
import os
import struct
import sys

OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, AT_EMPTY_PATH, MOVE_MOUNT_F_EMPTY_PATH, MOUNT_ATTR_IDMAP = 1, 0x1000, 4, 0x00100000
CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def user_namespace(first):
    """A descriptor of a user namespace with the mapping, which nothing else holds."""
    ready_end, ready = os.pipe()
    child = os.fork()
    if child == 0:
        check(libc.unshare(CLONE_NEWUSER))
        os.write(ready, b"1")
        os.read(0, 1)
        os._exit(0)
    os.close(ready)
    if os.read(ready_end, 1) != b"1":
        sys.exit("no user namespace")
    for kind in ("uid", "gid"):
        with open(f"/proc/{child}/{kind}_map", "w", encoding="ascii") as mapping:
            mapping.write(f"0 {first} 1000")
    return os.open(f"/proc/{child}/ns/user", os.O_RDONLY)


def main(source, point, first):
    held, release = os.pipe()
    os.dup2(held, 0)
    namespace = user_namespace(first)
    tree = check(libc.syscall(OPEN_TREE, -100, source.encode(), OPEN_TREE_CLONE | os.O_CLOEXEC))
    attr = struct.pack("QQQQ", MOUNT_ATTR_IDMAP, 0, 0, namespace)
    check(libc.syscall(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attr, len(attr)))
    check(libc.syscall(MOVE_MOUNT, tree, b"", -100, point.encode(), MOVE_MOUNT_F_EMPTY_PATH))
    os.write(release, b"1")
    os.wait()


main(sys.argv[1], sys.argv[2], sys.argv[3])
