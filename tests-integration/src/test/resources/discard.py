# Changes a union in every way, has what was changed in use, and throws the changes away: discard.py UNIONFS,
# in the mount. Fails where anything is not as it was, or not as whoever has it open left it.
import errno
import mmap
import os
import subprocess
import sys

TOOL = sys.argv[1]
POINT = os.getcwd()


def discard(*paths):
    done = subprocess.run([TOOL, "discard", "--yes", *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, (paths, done.returncode, done.stdout, done.stderr)
    return done.stdout


def describe(path):
    stat = os.lstat(path)
    told = [oct(stat.st_mode), stat.st_ino, stat.st_nlink, stat.st_uid, stat.st_gid, stat.st_mtime_ns]
    told.append([(x, os.getxattr(path, x, follow_symlinks=False)) for x in sorted(os.listxattr(path, follow_symlinks=False)) if x.startswith("user.")])
    if os.path.islink(path):
        told.append(os.readlink(path))
    elif os.path.isfile(path):
        with open(path, "rb") as file:
            told.append(file.read())
    return told


def tree():
    all = {}
    for directory, subdirectories, files in os.walk(POINT):
        for name in subdirectories + files:
            path = os.path.join(directory, name)
            all[os.path.relpath(path, POINT)] = describe(path)
    return all


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def get(path):
    with open(path) as file:
        return file.read()


def fails(number, action):
    try:
        action()
    except OSError as e:
        assert e.errno == number, e
        return
    raise AssertionError("done, and not %s" % errno.errorcode[number])


def as_before():
    now = tree()
    other = [(path, before[path], now[path]) for path in now if path in before and before[path] != now[path]]
    assert now == before, (sorted(set(now) ^ set(before)), other)


before = tree()

fd = os.open("f", os.O_RDWR)
os.pwrite(fd, b"CHANGED", 0)
mapped = mmap.mmap(fd, 7)
put("up", "added")
os.rename("d/x", "moved")
os.chmod("d/deep", 0o700)
os.setxattr("d/deep", "user.t", b"value")
os.setxattr("d/deep/c", "user.t", b"value")
os.unlink("gone/y")
os.rmdir("gone")
os.unlink("o/z")
os.rmdir("o")
os.mkdir("o")
put("o/new", "new")
os.makedirs("add/sub/below")
put("add/sub/below/file", "text")
os.unlink("link")
os.mkdir("link")
put("link/in", "text")
with open("h1", "a") as file:
    file.write("more")
os.mkfifo("d/fifo")
for path in ["o/z", "gone", "gone/y", "d/x"]:
    assert not os.path.exists(path)
sub = os.open("add/sub", os.O_RDONLY | os.O_DIRECTORY)
added = os.open("add/sub/below/file", os.O_RDWR)
assert os.fstat(sub).st_nlink == 3
assert os.fstat(added).st_nlink == 1
tree()
assert get("h2") == "linkedmore"
os.chdir("d/deep")
mapped[0:7] = b"MAPPED!"  # not written back: the kernel alone knows of it
os.pwrite(fd, b" and more", 7)

said = discard(POINT)
told = "  (content)  (and under 1 name of the lowers)\n"
assert "M h1" + told in said or "M h2" + told in said, said  # the copy is made under one of them

as_before()
assert os.getcwd() == POINT + "/d/deep"
assert os.listdir(".") == ["c"]
assert os.pread(fd, 100, 0) == b"MAPPED! and more"
assert mapped[0:7] == b"MAPPED!"
assert os.fstat(fd).st_nlink == 0
mapped[0:1] = b"m"
mapped.flush()
os.pwrite(fd, b"more", 12)
os.fsync(fd)
assert os.pread(fd, 100, 0) == b"mAPPED! and more"
assert os.listdir(sub) == []
assert os.fstat(sub).st_nlink == 0
assert os.fstat(added).st_nlink == 0
fails(errno.ENOENT, lambda: os.open("new", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=sub))
fails(errno.ENOENT, lambda: os.mkdir("new", dir_fd=sub))
fails(errno.ENOENT, lambda: os.stat("below/file", dir_fd=sub))
assert os.pread(added, 100, 0) == b"text"
os.write(added, b"TEXT")
as_before()

# on with the same inodes, and each path by itself
put("c", "again")
put(POINT + "/f", "again")
os.mkdir("../new")
assert os.pread(fd, 7, 0) == b"mAPPED!"
assert get(POINT + "/f") == "again"
assert discard(POINT + "/f") == "M f  (content)\n"
assert get(POINT + "/f") == "lower"
assert get("c") == "again"
discard("c", "../new")
assert get("c") == "c"
assert sorted(os.listdir("..")) == ["deep", "x"]
assert discard(POINT) == "nothing is changed there\n"  # but the time of the directories
put("last", "text")
assert discard(POINT) == "A d/deep/last\n"
for each in [sub, added, fd]:
    os.close(each)
mapped.close()
as_before()
