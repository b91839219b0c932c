# Makes random calls, of several processes, in a union and in a plain directory, and compares what each says:
#
#   oracle.py run DIRECTORY POINT VARIANT SEED CASES CALLS MOUNT...   random layers and calls
#   oracle.py replay DIRECTORY POINT VARIANT FILE[,FILE...] MOUNT...  those that files name
#
# MOUNT... is the command that mounts, without layers and mount point. Where the two differ, the calls are
# cut down to the fewest that still show it; the file that is printed then can be replayed. What a union
# cannot do is listed in one place, LIMITS, by the row of docs/DEVIATIONS.md. In the environment, ORACLE_LOG
# names a file for the last server's log, ORACLE_ATTEMPTS says how many smaller cases are tried at most.
import json
import os
import random
import select
import shutil
import stat
import subprocess
import sys

import oracle_calls
from oracle_calls import UTIME_OMIT, Dead, Process, acl_bytes

RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
UTIME_NOW = (1 << 30) - 1
O_TMPFILE = os.O_TMPFILE
WORKERS = 3
SLOTS = 5
NAMES = ["a", "b", "c", "d", "e"]
OLD = 500_000_000  # seconds: the first time that layers have


class Difference(Exception):
    """Something that the union does otherwise, and in which case of a session, where that is not plain."""

    def __init__(self, text, number=None):
        super().__init__(text)
        self.number = number


# ---------------------------------------------------------------------------------------------------------
# What a union cannot do. Each is asked when the union has answered; if it says yes, the plain directory
# is not asked.
# ---------------------------------------------------------------------------------------------------------


def exdev(run, call, answer):
    """rename of a directory that has lower content"""
    return (
        call[1] == "rename"
        and answer == "EXDEV"
        and "--redirect-dir" not in run.case["options"]
        and any(run.plain_is_dir(call[0], path) for path in call[2:4])
    )


def no_rename_flags(run, call, answer):
    """renameat2(2) with RENAME_NOREPLACE to a free name, RENAME_EXCHANGE"""
    return run.variant == "JNR_FUSE" and call[1] == "rename" and call[4] and answer == "EINVAL"


def no_tmpfile(run, call, answer):
    """O_TMPFILE"""
    return (
        run.variant == "JNR_FUSE"
        and call[1] == "open"
        and call[4] & O_TMPFILE == O_TMPFILE
        and answer == "EOPNOTSUPP"
    )


def removed_directory(run, call, answer):
    """
    a file or directory whose directory was removed while it is open;
    a fifo, socket or device, or a descriptor opened with O_PATH, after the removal of its name
    """
    return run.variant == "JNR_FUSE" and answer == "ENOENT" and any(
        run.plain_processes[call[0]].call("is_lost", argument)[0] == "True"
        for argument in call[2:4]
        if isinstance(argument, (int, str))
    )


def rename_to_itself(run, call, answer):
    """rename(2) of one name of a file to another by a process that may not change the directories"""
    return (
        run.variant == "JNR_FUSE"
        and call[1] == "rename"
        and answer in ("EACCES", "EPERM")
        and run.plain_processes[call[0]].call("is_same", *call[2:4])[0] == "True"
    )


def other_end(run, call, answer):
    """two names of a file open at the same time: a fifo that is read by its other name"""
    return (
        run.variant == "JNR_FUSE"
        and call[1] in ("open", "reopen")
        and answer == "ENXIO"
        and run.plain_processes[call[0]].call("is_fifo", call[3])[0] == "True"
    )


LIMITS = [exdev, no_rename_flags, no_tmpfile, removed_directory, rename_to_itself, other_end]


def same_size(run, call):
    """truncate(2) to the size that a file has"""
    return (
        run.variant == "KERNEL"
        and call[1] == "truncate"
        and run.plain_processes[call[0]].call("has_size", *call[2:])[0] == "True"
    )


def fifo_time(run, call):
    """data written to a fifo"""
    slot = {"write": 2, "append": 2, "sendfile": 4}.get(call[1])
    return slot is not None and run.plain_processes[call[0]].call("is_fifo", call[slot])[0] == "True"


def mapped_data(run, call):
    """data written through mmap(2): the time; to a set-id file by a server without privileges: the bits"""
    return call[1] == "map_write" and (run.variant == "JNR_FUSE" or os.geteuid() != 0)


# Asked before either is.
LIMITS_BEFORE = [same_size, fifo_time, mapped_data]

# What is not made at all, by the variant: the calls of a case, and what layers have. A case of jnr-fuse has
# either hard links or what depends on what the kernel knows of the data and attributes of a file.
KNOWN = {"pread", "read", "holes", "map", "copy_range", "sendfile", "write", "append", "ftruncate", "lock", "flock"}
KNOWN |= {"chown", "chmod"}
NOT_MADE = {
    "KERNEL": [],
    "PASSTHROUGH": [],
    "JNR_FUSE": [
        ({"acls"}, {"acls"}),  # POSIX ACLs as access rights
        ({"link", "link_fd", "links"}, KNOWN),  # two names of a file open at the same time
    ],
}


def not_made(chance, variant):
    return set().union(*[chance.choice(ways) for ways in NOT_MADE[variant]])


# ---------------------------------------------------------------------------------------------------------
# Layers: a list of objects, each {"layer", "path", "kind", ...}; made on the disk as they are, and merged
# by the rules that docs/ARCHITECTURE.md tells, to be made as a plain directory.
# ---------------------------------------------------------------------------------------------------------


def parent(path):
    return path.rpartition("/")[0] or "/"


def by_layer(objects):
    """{layer: {path: object}}, with the directories that are meant, without what has no place."""
    layers = {}
    for thing in objects:
        layer = layers.setdefault(thing["layer"], {})
        layer.setdefault("/", {"kind": "dir", "mode": 0o755, "layer": thing["layer"]})
        if thing["path"] == "/":
            layer["/"] = thing
            continue
        above, missing = parent(thing["path"]), []
        while above not in layer:
            missing.append(above)
            above = parent(above)
        if layer[above]["kind"] != "dir" or thing["path"] in layer:
            continue
        if thing["kind"] == "link" and layer.get(thing["to"], {}).get("kind", "dir") in ("dir", "whiteout", "link"):
            continue
        for path in missing:
            layer[path] = {"kind": "dir", "mode": 0o755}
        layer[thing["path"]] = thing
    return layers


def names_in(layer, directory):
    return sorted(path for path in layer if path != "/" and parent(path) == directory)


def merge(stack):
    """{path: (layer, object)} of what shows, for layers from the top one down."""
    shown = {}

    def directory(path, parts):
        shown[path] = parts[0]
        seen = {}
        for layer, thing in parts:
            for child in names_in(stack[layer], path):
                seen.setdefault(child, []).append((layer, stack[layer][child]))
        for child, found in seen.items():
            below = []
            for layer, thing in found:
                if thing["kind"] == "whiteout" or thing["kind"] != "dir" and below:
                    break
                below.append((layer, thing))
                if thing["kind"] != "dir" or thing.get("opaque"):
                    break
            if below and below[0][1]["kind"] == "dir":
                directory(child, below)
            elif below:
                shown[child] = below[0]

    parts = []
    for i, layer in enumerate(stack):
        parts.append((i, layer["/"]))
        if layer["/"].get("opaque"):
            break
    directory("/", parts)
    return shown


class Builder:
    """Makes a tree of objects below a directory."""

    def __init__(self, root, space):
        self.root = root
        self.space = space  # of marks
        self.directories = []

    def name(self, path):
        return self.root + path if path != "/" else self.root

    def make(self, path, thing):
        name, kind = self.name(path), thing["kind"]
        if kind == "dir":
            if path != "/":
                os.mkdir(name, 0o700)
            self.directories.append((name, thing))
            return
        if kind == "file":
            fd = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            for at, text, times in thing.get("data", []):
                os.pwrite(fd, text.encode() * times, at)
            os.ftruncate(fd, thing.get("size", 0))
            os.close(fd)
        elif kind == "symlink":
            os.symlink(thing["to"], name)
        elif kind == "fifo":
            os.mkfifo(name)
        elif kind == "whiteout":
            os.mknod(name, stat.S_IFCHR, 0)
            return
        self.finish(name, thing)

    def finish(self, name, thing):
        link = thing["kind"] == "symlink"
        os.chown(name, thing.get("uid", -1), thing.get("gid", -1), follow_symlinks=False)
        if not link:
            xattrs = thing.get("xattrs", {}).items()
            for attribute, text in xattrs:
                if not attribute.startswith("system."):
                    os.setxattr(name, attribute, text.encode())
            os.chmod(name, thing.get("mode", 0o644))
            for attribute, text in xattrs:
                if attribute.startswith("system."):
                    os.setxattr(name, attribute, acl_bytes(text))
        moment = thing.get("mtime", OLD * 10**9)
        os.utime(name, ns=(moment, moment), follow_symlinks=False)

    def end(self, marks):
        for name, thing in reversed(self.directories):
            if marks and thing.get("opaque"):
                os.setxattr(name, self.space + ".overlay.opaque", b"y")
            self.finish(name, thing)


def build_layers(home, below, layers, space):
    for name, layer in layers.items():
        root = "%s/%s%s" % (home, name, below)
        os.mkdir(root)
        builder = Builder(root, space)
        for path in sorted(layer):
            if layer[path]["kind"] != "link":
                builder.make(path, layer[path])
        for path, thing in layer.items():
            if thing["kind"] == "link":
                os.link(builder.name(thing["to"]), builder.name(path))
        builder.end(True)


def build_plain(root, aside, stack):
    """The merged tree; links of a file that show nowhere are made aside, because they count."""
    os.mkdir(root)
    shown = merge(stack)
    builder = Builder(root, "")
    made = {}
    for path in sorted(shown):
        number, thing = shown[path]
        first = thing["to"] if thing["kind"] == "link" else path
        if (number, first) in made:
            os.link(made[number, first], builder.name(path))
            continue
        if thing["kind"] == "link":
            thing = stack[number][first]
        builder.make(path, thing)
        made[number, first] = builder.name(path)
    for number, layer in enumerate(stack):
        for path, thing in layer.items():
            first = thing["to"] if thing["kind"] == "link" else path
            if (number, first) in made and shown.get(path, (None,))[0] != number:
                os.link(made[number, first], "%s/%d" % (aside, len(os.listdir(aside))))
    builder.end(False)


class LayerMaker:
    """Random layers."""

    def __init__(self, chance, root, without):
        self.chance = chance
        self.root = root
        self.without = without
        self.moment = OLD

    def layers(self):
        count = self.chance.randint(1, 4)
        objects = []
        for name in ["lower%d" % i for i in range(1, count + 1)] + ["upper"]:
            objects += self.layer(name, self.chance.randint(6, 22) if name != "upper" else self.chance.randint(0, 8))
        return objects

    def layer(self, layer, count):
        objects = [self.dress({"layer": layer, "path": "/", "kind": "dir", "mode": 0o755}, True)]
        directories, files, used = ["/"], [], {"/"}
        for _ in range(count):
            above = self.chance.choice(directories)
            path = (above if above != "/" else "") + "/" + self.chance.choice(NAMES)
            if path in used or path.count("/") > 4:
                continue
            used.add(path)
            kind = self.chance.choice(["dir"] * 6 + ["file"] * 8 + ["symlink", "symlink", "fifo", "whiteout", "link", "link"])
            thing = {"layer": layer, "path": path, "kind": kind}
            if kind == "link":
                if not files or "links" in self.without:
                    continue
                thing["to"] = self.chance.choice(files)
            elif kind == "dir":
                directories.append(path)
                thing["mode"] = self.chance.choice([0o755, 0o755, 0o750, 0o700, 0o777, 0o2775, 0o1777])
                if self.chance.random() < 0.15:
                    thing["opaque"] = True
                self.dress(thing, True)
            elif kind == "symlink":
                thing["to"] = self.chance.choice(["a", "b", "c/a", "../a" if path.count("/") > 1 else "d", "nowhere", "b/c"])
                self.dress(thing, False)
            elif kind != "whiteout":
                if kind == "file" or os.geteuid() == 0:
                    files.append(path)  # names of a lower fifo, server without privileges
                thing["mode"] = self.chance.choice([0o644, 0o644, 0o600, 0o666, 0o755, 0o4755, 0o2755, 0o444, 0o664])
                if kind == "file":
                    self.fill(thing)
                self.dress(thing, kind == "file")
            objects.append(thing)
        return objects

    def fill(self, thing):
        thing["data"] = []
        size = 0
        for _ in range(self.chance.randint(0, 3)):
            at = self.chance.choice([0, 0, 10, 4096, 5000, 65536, 200_000])
            text, times = self.chance.choice("pqrs"), self.chance.choice([1, 7, 100, 5000])
            thing["data"].append([at, text, times])
            size = max(size, at + times)
        thing["size"] = size + self.chance.choice([0, 0, 0, 3000, 100_000])

    def dress(self, thing, attributes):
        self.moment += 1
        thing["mtime"] = self.moment * 10**9 + self.chance.choice([0, 1, 123_456_789])
        if self.root and self.chance.random() < 0.4:
            thing["uid"] = self.chance.choice([0, 1001, 1001, 1002])
            thing["gid"] = self.chance.choice([0, 1001, 1002, 1003])
        if attributes and self.chance.random() < 0.3:
            thing["xattrs"] = {"user.l%d" % self.chance.randint(1, 2): "v" * self.chance.choice([0, 1, 50])}
            if self.root and self.chance.random() < 0.3:
                thing["xattrs"]["trusted.t"] = "w"
        if attributes and self.chance.random() < 0.12 and "acls" not in self.without:
            xattrs = thing.setdefault("xattrs", {})
            xattrs["system.posix_acl_access"] = random_acl(self.chance)
            if thing["kind"] == "dir" and self.chance.random() < 0.6:
                xattrs["system.posix_acl_default"] = random_acl(self.chance)
        return thing


def random_acl(chance):
    rights = lambda: str(chance.choice([7, 7, 6, 5, 4, 0]))
    words = ["u::7"]
    if chance.random() < 0.7:
        words.append("u:1001:" + rights())
    words.append("g::" + rights())
    if chance.random() < 0.5:
        words.append("g:1002:" + rights())
    if len(words) > 2:
        words.append("m::" + rights())
    words.append("o::" + rights())
    return ",".join(words)


# ---------------------------------------------------------------------------------------------------------
# A mount that serves several cases one after the other, each in a directory of its own in every layer; a
# mount costs more than a thousand calls. A case is {"options", "accounts", "layers", "calls"}.
# ---------------------------------------------------------------------------------------------------------


class Place:
    """Where and how is mounted."""

    def __init__(self, home, point, variant, command):
        self.home = home
        self.point = point
        self.variant = variant
        self.command = command
        self.root = os.geteuid() == 0


class Session:
    def __init__(self, place, options, layers_of_cases):
        self.place = place
        self.home = place.home
        self.options = options
        self.layers_of_cases = layers_of_cases
        self.server = None

    def __enter__(self):
        self.clear()
        for name in ("plain", "aside", "work", "upper"):
            os.mkdir("%s/%s" % (self.home, name))
        layers_of_cases = [by_layer(objects) for objects in self.layers_of_cases]
        count = max([1] + [int(name[5:]) for layers in layers_of_cases for name in layers if name != "upper"])
        self.lowers = ["lower%d" % i for i in range(1, count + 1)]
        for lower in self.lowers:
            os.mkdir("%s/%s" % (self.home, lower))
        for i, layers in enumerate(layers_of_cases):
            if not layers:
                layers["lower1"] = {"/": {"kind": "dir", "mode": 0o755}}
            build_layers(self.home, "/s%d" % i, layers, "trusted" if self.place.root else "user")
            stack = [layers[name] for name in ["upper"] + self.lowers if name in layers]
            build_plain("%s/plain/s%d" % (self.home, i), self.home + "/aside", stack)
        if self.place.root:
            self.require_model()
        self.lowers_before = self.lowers_now()
        self.mount()
        return self

    def __exit__(self, *exception):
        if self.server is not None:
            self.unmount(lazily=True)
        kept = os.environ.get("ORACLE_LOG")
        if kept and os.path.exists(self.log()):
            shutil.copyfile(self.log(), kept)
        self.clear()

    def clear(self):
        for name in os.listdir(self.home):
            if os.path.join(self.home, name) != self.place.point:
                if not self.place.root:
                    run_quietly("chmod", "-R", "u+rwx", os.path.join(self.home, name))
                run_quietly("rm", "-rf", "--one-file-system", os.path.join(self.home, name))

    def compare_with_overlayfs(self, numbers):
        """The plain directories are what the kernel's overlayfs makes of the layers, upper included."""
        point = self.home + "/overlay"
        os.makedirs(point, exist_ok=True)
        layers = ":".join("%s/%s" % (self.home, name) for name in ["upper"] + self.lowers)
        options = "ro,redirect_dir=follow,lowerdir=" + layers
        run_quietly("mount", "-t", "overlay", "-o", options, "overlay", point)
        try:
            for i in numbers:
                kernel = oracle_calls.Caller("%s/s%d" % (point, i), False).tree(True)
                plain = oracle_calls.Caller("%s/plain/s%d" % (self.home, i), False).tree(True)
                # it lists whiteouts where nothing is below, and inode numbers of layers
                kernel = [line for line in kernel if not line.endswith(" ENOENT") and " d_ino " not in line]
                if kernel != plain:
                    raise Difference("overlayfs: " + first_difference(kernel, plain), i)
        finally:
            run_quietly("umount", point)

    def require_model(self):
        try:
            self.compare_with_overlayfs(range(len(self.layers_of_cases)))
        except Difference as e:
            raise AssertionError("the plain directory is made wrong: %s" % e) from e

    def log(self):
        return self.home + "/server.log"

    def mount(self):
        lowers = ":".join("%s/%s" % (self.home, name) for name in self.lowers)
        line = self.place.command + ["--log-file", self.log(), "--lower", lowers]
        line += ["--upper", self.home + "/upper", "--work", self.home + "/work"]
        said = subprocess.run(line + self.options + [self.place.point], capture_output=True, text=True)
        if said.returncode:
            raise Difference("mount: " + said.stdout + said.stderr)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue  # ended meanwhile
            if len(words) > 2 and words[-2] == os.fsencode(self.place.point) and b"java" in words[0]:
                self.server = os.pidfd_open(int(pid))
                return
        raise Difference("no server after mount")

    def unmount(self, lazily=False):
        if self.place.root:
            line = ["umount"] + ["-l"] * lazily + [self.place.point]
        else:
            line = ["fusermount3", "-u"] + ["-z"] * lazily + [self.place.point]
        said = subprocess.run(line, capture_output=True, text=True)
        if said.returncode and not lazily:
            raise Difference("umount: " + said.stderr)
        if not select.select([self.server], [], [], Process.PATIENCE)[0]:
            raise Difference("the server does not end")
        os.close(self.server)
        self.server = None

    def remount(self, check_upper=()):
        """Checks what must hold of the layers in between, and for some cases that overlayfs shows the same."""
        self.unmount()
        if self.lowers_now() != self.lowers_before:
            raise Difference("a lower changed: " + first_difference(self.lowers_now(), self.lowers_before))
        work = self.home + "/work/work"
        left = os.listdir(work) if os.path.isdir(work) else []
        if left:
            raise Difference("left in the work directory: %s" % left)
        if os.path.exists(self.log()):
            with open(self.log(), encoding="latin-1") as log:
                loud = [line for line in log if " WARN " in line or " ERROR " in line]
            if loud:
                raise Difference("in the log: " + "".join(loud))
        if self.place.root and check_upper:
            self.compare_with_overlayfs(check_upper)
        self.mount()

    def lowers_now(self):
        lines = []
        for lower in self.lowers:
            for directory, names, files in os.walk(self.home + "/" + lower):
                for name in sorted(names + files) + ["."]:
                    status = os.lstat(os.path.join(directory, name))
                    words = [status[i] for i in (0, 4, 5, 3, 6)] + [status.st_mtime_ns, status.st_ctime_ns]
                    lines.append("%s/%s %o %d:%d %d %d %d %d" % (directory, name, *words))
        return lines


class Run:
    """A case in a session."""

    def __init__(self, session, number, case):
        self.session = session
        self.number = number
        self.variant = session.place.variant
        self.case = case
        self.root = session.place.root
        self.union = "%s/s%d" % (session.place.point, number)
        self.plain = "%s/plain/s%d" % (session.home, number)
        self.union_processes = []
        self.plain_processes = []
        self.identities = {}
        self.listings = {}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *exception):
        if kind is not None:
            for process in self.union_processes + self.plain_processes:
                process.kill()
        self.stop()

    def start(self):
        for account in self.case["accounts"]:
            for processes, root in ((self.union_processes, self.union), (self.plain_processes, self.plain)):
                others = self.union_processes + self.plain_processes
                processes.append(Process(root, processes is self.plain_processes, account, others))

    def stop(self):
        for key in list(self.listings):
            os.close(self.listings.pop(key)[0])
        for process in self.union_processes + self.plain_processes:
            process.end()
        self.union_processes, self.plain_processes = [], []

    def comparable(self):
        """
        Whether overlayfs shows the same: without index=on it breaks hard links, without userxattr it leaves
        user.overlay.* as it is, which the union escapes.
        """
        escaped = any("user.overlay.x" in call for call in self.case["calls"])
        return not escaped and not any(thing["kind"] == "link" for thing in self.case["layers"])

    def can_start(self):
        """Whether a process can enter the root of the case: its mode may keep its owner out."""
        return os.access(self.plain, os.X_OK)

    def remount(self):
        if not self.can_start():
            return
        self.stop()
        self.session.remount([self.number] if self.comparable() else [])
        self.start()

    def require_same_tree(self):
        self.make([0, "tree", True])

    # -- calls

    def plain_is_dir(self, worker, path):
        return "OK" in self.plain_processes[worker].call("is_dir", path)[0]

    def make(self, call):
        """Makes a call on both sides; what the plain directory said, or None where it was not asked."""
        if call == ["remount"]:
            self.remount()
            self.require_same_tree()
            return None
        worker, name, arguments = call[0], call[1], call[2:]
        worker %= len(self.union_processes)
        if any(limit(self, call) for limit in LIMITS_BEFORE):
            return None
        try:
            union, union_identities = self.union_processes[worker].call(name, *arguments)
        except Dead as e:
            raise Difference("%s: the union %s" % (json.dumps(call), e)) from e
        for limit in LIMITS:
            if limit(self, call, union):
                return None
        plain, plain_identities = self.plain_processes[worker].call(name, *arguments)
        if name == "tree":
            if union != plain:
                raise Difference("tree: " + first_difference(union, plain))
            self.require_distinct(union_identities, plain_identities, union)
        elif name == "readdir_end" and isinstance(plain, list):
            self.require_listing(call, worker, union, plain)
        elif union != plain:
            raise Difference("%s: union %s; plain %s" % (json.dumps(call), union, plain))
        for ours, theirs in zip(union_identities, plain_identities):
            if self.identities.setdefault(theirs, ours) != ours:
                raise Difference("%s: st_ino was %d and is %d" % (json.dumps(call), self.identities[theirs], ours))
        self.follow_listings(call, worker, plain)
        if name == "map_write" and self.variant == "PASSTHROUGH":
            # a file that was in a lower when it was opened tells its time when the data are written back
            for processes in (self.union_processes, self.plain_processes):
                processes[worker].call("msync", *arguments[:1])
        return plain

    @staticmethod
    def require_distinct(union, plain, lines):
        pairs = set(zip(union, plain))
        if len(pairs) != len(set(union)):
            twice = sorted(ours for ours, theirs in pairs if sum(a == ours for a, _ in pairs) > 1)
            raise Difference("tree: several objects with st_ino %s\n%s" % (twice, "\n".join(lines)))

    # A listing gives each name once that is there all the time, and none that never is.

    def follow_listings(self, call, worker, plain):
        ended = isinstance(plain, list) if call[1] == "readdir_end" else call[1] in ("opendir", "closedir")
        if ended:
            kept = self.listings.pop((worker, call[2]), None) if plain not in ("nothing",) else None
            if kept:
                if call[1] == "opendir" and plain != "OK":
                    self.listings[worker, call[2]] = kept
                else:
                    os.close(kept[0])
        if call[1] == "opendir" and plain == "OK":
            process = self.plain_processes[worker]
            fd = os.open("/proc/%d/fd/%s" % (process.pid, process.call("listing_fd", call[2])[0]), os.O_RDONLY)
            self.listings[worker, call[2]] = (fd, set(os.listdir(fd)), set(os.listdir(fd)))
        elif call[1] == "rewinddir" and plain == "OK":
            fd = self.listings[worker, call[2]][0]
            self.listings[worker, call[2]] = (fd, set(os.listdir(fd)), set(os.listdir(fd)))
        elif call[1] in CHANGE_NAMES:
            for fd, always, ever in self.listings.values():
                try:
                    names = os.listdir(fd)
                except FileNotFoundError:
                    names = []  # removed
                always.intersection_update(names)
                ever.update(names)

    def require_listing(self, call, worker, union, plain):
        if not isinstance(union, list):
            raise Difference("%s: union %s, plain a list" % (json.dumps(call), union))
        _, always, ever = self.listings[worker, call[2]]
        for side, (seen, first, again) in (("union", union), ("plain", plain)):
            wrong = []
            if not always <= set(seen):
                wrong.append("without %s" % sorted(always - set(seen)))
            if not set(seen) <= ever | {".", ".."}:
                wrong.append("with %s" % sorted(set(seen) - ever))
            if any(seen.count(name) > 1 for name in always):
                wrong.append("some twice: %s" % seen)
            if set(first) & always != set(again) & always:
                wrong.append("%s after seekdir, which were %s" % (again, first))
            if wrong:
                raise Difference("%s: %s lists %s" % (json.dumps(call), side, "; ".join(wrong)))


CHANGE_NAMES = {"open", "link", "link_fd", "unlink", "rmdir", "mkdir", "mknod", "symlink", "rename"}


def first_difference(ours, theirs):
    for i in range(max(len(ours), len(theirs))):
        one = ours[i] if i < len(ours) else "(end)"
        other = theirs[i] if i < len(theirs) else "(end)"
        if one != other:
            return "union %s; plain %s" % (one, other)
    return "none"


def run_quietly(*line):
    said = subprocess.run(line, capture_output=True, text=True)
    if said.returncode:
        raise Difference("%s: %s" % (" ".join(line), said.stderr))


# ---------------------------------------------------------------------------------------------------------
# Random calls. They are chosen with a look at the plain directory, so that most have something to act on.
# ---------------------------------------------------------------------------------------------------------

TIMES = [(UTIME_NOW, UTIME_NOW), (UTIME_OMIT, UTIME_OMIT), (0, UTIME_OMIT), (UTIME_OMIT, 5), (7, 999_999_999)]
OFFSETS = [0, 0, 1, 100, 4090, 4096, 10_000, 65_536, 150_000]
LENGTHS = [0, 1, 60, 4096, 5000, 8192, 70_000, 210_000]


class Chooser:
    def __init__(self, chance, run):
        self.chance = chance
        self.run = run
        self.root = run.root
        self.paths = {}
        self.age = 99
        self.text = 0
        self.without = run.case["without"]
        self.kinds = []
        for name, weight in WEIGHTS.items():
            self.kinds += [name] * (weight if name not in self.without else 0)

    def look(self):
        """What there is, by the kinds of objects."""
        self.paths = {"dir": ["/"], "file": [], "other": [], "symlink": []}
        cut = len(self.run.plain)
        for directory, names, files in os.walk(self.run.plain):
            for name in sorted(names + files):
                path = os.path.join(directory, name)
                try:
                    kind = stat.S_IFMT(os.lstat(path).st_mode)
                except PermissionError:
                    continue  # a directory that may be read and not searched
                kinds = {stat.S_IFDIR: "dir", stat.S_IFREG: "file", stat.S_IFLNK: "symlink"}
                self.paths[kinds.get(kind, "other")].append(path[cut:])
            names.sort()
        self.age = 0

    def next(self):
        self.age += 1
        if self.age > 8:
            self.look()
        kind = self.chance.choice(self.kinds)
        total = sum(len(found) for found in self.paths.values())
        if total > 90 and kind in ("mkdir", "mknod", "symlink", "link", "link_fd") or total < 12 and kind in ("unlink", "rmdir"):
            kind = self.chance.choice(["unlink", "rmdir", "rename"] if total > 90 else ["mkdir", "open", "open"])
        if kind in self.without:
            kind = "stat"
        return [self.chance.randrange(WORKERS), kind] + getattr(self, kind)()

    # -- arguments

    def some(self, *kinds):
        """A path, most often of something that is there and of one of the kinds."""
        found = [path for kind in kinds or ("dir", "file", "file", "other", "symlink") for path in self.paths[kind]]
        if not found or self.chance.random() < 0.2:
            return self.fresh()
        path = self.chance.choice(found)
        return self.elsewhere(path) if self.chance.random() < 0.15 else path

    def fresh(self):
        """A path that may be free, in a directory that was there."""
        above = self.chance.choice(self.paths["dir"])
        if above.count("/") > 4:
            above = "/"
        path = (above if above != "/" else "") + "/" + self.chance.choice(NAMES)
        if self.chance.random() < 0.01:
            path = path[:-1] + "n" * self.chance.choice([255, 256])
        return self.elsewhere(path) if self.chance.random() < 0.15 else path

    def elsewhere(self, path):
        """By way of the working directory or of a descriptor."""
        tail = path.rpartition("/")[2] or "."
        return self.chance.choice([tail, "@%d/%s" % (self.slot(), tail), path + "/", path[1:] or "."])

    def slot(self):
        return self.chance.randrange(SLOTS)

    def target(self, *kinds):
        return self.slot() if self.chance.random() < 0.4 else self.some(*kinds)

    def data(self):
        self.text += 1
        return ["%d." % self.text, self.chance.choice([1, 1, 3, 30, 1000, 2000])]

    def mode(self):
        if not self.root:
            return self.chance.choice([0o644, 0o600, 0o755, 0o700, 0o666, 0o777, 0o4755, 0o1777, 0o750])
        return self.chance.choice([0o644, 0o600, 0o755, 0o700, 0o666, 0o777, 0o4755, 0o2775, 0o1777, 0o6711, 0o750, 0o444, 0])

    def follow(self):
        return self.chance.random() < 0.6

    # -- calls

    def open(self):
        flags = self.chance.choice([os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR])
        for flag, odds in (
            (os.O_CREAT, 0.4), (os.O_EXCL, 0.1), (os.O_TRUNC, 0.12), (os.O_APPEND, 0.15),
            (os.O_NOFOLLOW, 0.1), (os.O_DIRECTORY, 0.05), (os.O_PATH, 0.05),
        ):  # fmt: skip
            if self.chance.random() < odds:
                flags |= flag
        if flags & os.O_CREAT and flags & os.O_DIRECTORY:
            flags &= ~os.O_CREAT
        if self.chance.random() < 0.08:
            return [self.slot(), self.some("dir"), O_TMPFILE | os.O_RDWR | self.chance.choice([0, 0, os.O_EXCL]), self.mode()]
        if self.chance.random() < 0.15:
            return [self.slot(), self.some("dir"), os.O_RDONLY | os.O_DIRECTORY, 0]
        path = self.fresh() if flags & os.O_CREAT and self.chance.random() < 0.5 else self.some("file", "file", "file", "symlink", "other", "dir")
        return [self.slot(), path, flags, self.mode()]

    def reopen(self):
        return [self.slot(), self.slot(), self.chance.choice([os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC, os.O_PATH])]

    def close(self):
        return [self.slot()]

    def pread(self):
        return [self.slot(), self.chance.choice(OFFSETS), self.chance.choice([1, 100, 5000, 300_000])]

    def read(self):
        return [self.slot(), self.chance.choice([1, 100, 5000])]

    def pwrite(self):
        return [self.slot(), self.chance.choice(OFFSETS)] + self.data()

    def write(self):
        return [self.slot()] + self.data()

    append = write

    def seek(self):
        return [self.slot(), self.chance.choice(OFFSETS), self.chance.choice([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END])]

    def truncate(self):
        return [self.some("file"), self.chance.choice(LENGTHS)]

    def ftruncate(self):
        return [self.slot(), self.chance.choice(LENGTHS)]

    def fallocate(self):
        return [self.slot(), self.chance.choice([0, 1, 3, 16, 17, 2]), self.chance.choice(OFFSETS), self.chance.choice(LENGTHS)]

    def holes(self):
        return [self.slot()]

    fsync = fdatasync = holes

    def copy_range(self):
        return [self.slot(), self.chance.choice(OFFSETS), self.slot(), self.chance.choice(OFFSETS), self.chance.choice(LENGTHS)]

    def sendfile(self):
        return [self.slot(), self.chance.choice(OFFSETS), self.slot(), self.chance.choice(LENGTHS)]

    def map(self):
        return [self.chance.randrange(2), self.slot(), self.chance.random() < 0.6]

    def map_read(self):
        return [self.chance.randrange(2), self.chance.choice(OFFSETS), self.chance.choice([1, 5000, 300_000])]

    def map_write(self):
        return [self.chance.randrange(2), self.chance.choice(OFFSETS)] + self.data()

    def msync(self):
        return [self.chance.randrange(2)]

    unmap = msync

    def link(self):
        return [self.some("file", "file", "symlink", "other", "dir"), self.fresh(), self.chance.random() < 0.2]

    def link_fd(self):
        return [self.slot(), self.fresh()]

    def unlink(self):
        return [self.below_root("file", "file", "other", "symlink", "symlink", "dir")]

    def below_root(self, *kinds):
        """The root of one side is a mount point, that of the other not."""
        path = self.some(*kinds)
        return path if path.strip("/") else self.fresh()

    def rmdir(self):
        return [self.below_root("dir")]

    def mkdir(self):
        return [self.fresh(), self.mode() | 0o700]

    def mknod(self):
        kind = self.chance.choice([stat.S_IFIFO, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFREG, stat.S_IFCHR])
        return [self.fresh(), kind | self.mode(), *([1, 3] if kind == stat.S_IFCHR else [0, 0])]

    def symlink(self):
        path = self.fresh()
        return [self.chance.choice(["a", "b", "c/a", "b/c", "nowhere", "d/", "."]), path]

    def readlink(self):
        return [self.some("symlink")]

    def rename(self):
        flags = self.chance.choice([0] * 6 + [RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE])
        kinds = self.chance.choice([["dir"], ["file"], ["file", "symlink", "other"], []])
        old = self.below_root(*kinds)
        fresh = self.chance.random() < 0.4 and not flags & RENAME_EXCHANGE
        return [old, self.fresh() if fresh else self.below_root(*kinds), flags]

    def chdir(self):
        return [self.some("dir")]

    def fchdir(self):
        return [self.slot()]

    def chmod(self):
        target = self.target()
        return [target, self.mode() | (0o700 if self.chance.random() < 0.9 else 0)]

    def chown(self):
        if self.root:
            return [self.target(), self.chance.choice([-1, 0, 1001, 1002]), self.chance.choice([-1, 0, 1001, 1002]), self.follow()]
        return [self.target(), self.chance.choice([-1, os.getuid(), 1]), self.chance.choice([-1, os.getgid()]), self.follow()]

    def utimens(self):
        times = self.chance.choice(TIMES)
        second = self.chance.randrange(1_000_000)
        return [self.target(), [second, times[0], second + 5, times[1]], self.follow()]

    def attribute(self):
        names = ["user.l1", "user.l2", "user.new", "user.overlay.x", "security.x", "trusted.x", "trusted.overlay.y", "user.", "x"]
        return self.chance.choice(names if self.root else names[:4] + ["trusted.x", "user.", "x"])

    def setxattr(self):
        follow = self.follow()
        if self.chance.random() < 0.3 and "acls" not in self.without:
            name = self.chance.choice(["system.posix_acl_access", "system.posix_acl_default"])
            return [self.target("dir", "file"), name, random_acl(self.chance) if self.chance.random() < 0.9 else "", 0, follow]
        return [self.target(), self.attribute(), "x" * self.chance.choice([0, 1, 10, 300]), self.chance.choice([0, 0, 1, 2]), follow]

    def getxattr(self):
        return [self.target(), self.chance.choice([self.attribute(), "system.posix_acl_access", "system.posix_acl_default"]), self.follow()]

    removexattr = getxattr

    def listxattr(self):
        return [self.target(), self.follow()]

    def umask(self):
        return [self.chance.choice([0o022, 0o022, 0, 0o027, 0o077])]

    def stat(self):
        target = self.target()
        return [target, self.chance.choice([0, oracle_calls.AT_SYMLINK_NOFOLLOW, 0x2000])]

    def access(self):
        return [self.some(), self.chance.randrange(8), self.follow(), self.follow()]

    def flock(self):
        return [self.slot(), self.chance.choice([1, 2, 8])]

    def lock(self):
        return [self.slot(), self.chance.choice([0, 1, 2]), self.chance.choice(OFFSETS), self.chance.choice([0, 1, 100]), self.follow()]

    def list(self):
        return [self.some("dir")]

    def listing(self):
        return self.chance.randrange(2)

    def opendir(self):
        return [self.listing(), self.some("dir")]

    def readdir(self):
        return [self.listing(), self.chance.choice([300, 600])]

    def rewinddir(self):
        return [self.listing()]

    closedir = telldir = readdir_end = rewinddir

    def tree(self):
        return [self.chance.random() < 0.7]


WEIGHTS = {
    "open": 60, "reopen": 8, "close": 10, "pread": 25, "read": 10, "pwrite": 25, "write": 20, "append": 6, "seek": 6,
    "truncate": 8, "ftruncate": 8, "fallocate": 8, "holes": 6, "copy_range": 8, "sendfile": 5, "fsync": 4, "fdatasync": 2,
    "map": 10, "map_read": 14, "map_write": 14, "msync": 3, "unmap": 2,
    "link": 14, "link_fd": 6, "unlink": 24, "rmdir": 12, "mkdir": 16, "mknod": 6, "symlink": 7, "readlink": 4, "rename": 36,
    "chdir": 3, "fchdir": 2, "chmod": 14, "chown": 10, "utimens": 12, "setxattr": 14, "getxattr": 8, "removexattr": 6,
    "listxattr": 6, "umask": 2, "stat": 25, "access": 5, "flock": 5, "lock": 5,
    "list": 6, "opendir": 6, "readdir": 10, "rewinddir": 3, "telldir": 4, "readdir_end": 5, "closedir": 1, "tree": 8,
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------
# Cases: made, run, cut down, written
# ---------------------------------------------------------------------------------------------------------


def random_case(seed, place, options):
    chance = random.Random(seed)
    without = not_made(chance, place.variant)
    accounts = [None] * WORKERS
    if place.root and chance.random() < 0.6:
        accounts[2] = {"uid": 1001, "gid": 1001, "groups": [1001, 1002]}
    layers = LayerMaker(chance, place.root, without).layers()
    case = {"seed": seed, "options": options, "accounts": accounts, "layers": layers, "calls": []}
    return dict(case, without=sorted(without))


def run_random(place, seed, cases, count):
    """Random cases in one mount: a difference and the case that shows it, or None and the number of calls."""
    options = ["--redirect-dir"] if random.Random(seed).random() < 0.4 else []
    made = [random_case(seed * 1000 + i, place, options) for i in range(cases)]
    total = 0
    case = made[0]
    try:
        with Session(place, options, [case["layers"] for case in made]) as session:
            runs = []
            for i, case in enumerate(made):
                with Run(session, i, case) as run:
                    total += make_random(run, random.Random(case["seed"] + 1), count, i == 0)
                runs.append(run)
            for run in runs:
                case = run.case
                case["calls"].append(["remount"])
            session.remount([run.number for run in runs if run.comparable()])
            for run in runs:
                case = run.case
                if run.can_start():
                    with run:
                        run.require_same_tree()
    except Difference as e:
        return e, case if e.number is None else made[e.number]
    return None, total


def make_random(run, chance, count, remount):
    calls = run.case["calls"]
    chooser = Chooser(chance, run)
    calls.append([0, "tree", True])
    run.make(calls[-1])
    for i in range(count):
        calls.append(["remount"] if remount and i == count // 2 else chooser.next())
        run.make(calls[-1])
    calls.append([0, "tree", True])
    run.make(calls[-1])
    return len(calls)


def difference_in(session, number, case):
    try:
        with Run(session, number, case) as run:
            for call in case["calls"]:
                run.make(call)
    except Difference as e:
        return e
    return None


def run_case(place, case):
    try:
        with Session(place, case["options"], [case["layers"]]) as session:
            return difference_in(session, 0, case)
    except Difference as e:
        return e


def signature(difference):
    """What two differences must have in common to be taken for the same: the call and both answers, roughly."""
    text = str(difference)
    return "tree" if text.startswith("tree") else text.split(":")[0].split(",")[1 if text.startswith("[") else 0][:20]


class Shrinking:
    """
    Takes away calls, then objects of layers, as long as the difference stays (ddmin). A mount serves many
    attempts: those with fewer calls one after the other, those with fewer objects as they were planned.
    """

    CASES = 24

    def __init__(self, place, case, difference, attempts):
        self.place = place
        self.case = case
        self.difference = difference
        self.wanted = signature(difference)
        self.attempts = attempts
        self.left = attempts

    def cut(self):
        found = run_case(self.place, self.case)
        if found is None or signature(found) != self.wanted:
            return "does not show again on its own: %s" % found
        self.cut_calls()
        self.cut_layers()
        self.cut_calls()
        return "%d attempts" % (self.attempts - self.left)

    def without(self, key, start, size):
        items = self.case[key]
        return dict(self.case, **{key: items[:start] + items[start + size :]})

    def shows(self, session, number, case):
        """Whether a smaller case still shows the difference; it is taken then."""
        self.left -= 1
        found = difference_in(session, number, case)
        if found is None or signature(found) != self.wanted:
            if found is not None and isinstance(found.__cause__, Dead):
                raise found  # the mount is no good any more
            return False
        self.case, self.difference = case, found
        return True

    @staticmethod
    def parts(length):
        """The sizes of parts to leave out, from the half on."""
        while length > 1:
            length = (length + 1) // 2
            yield length

    def cut_calls(self):
        todo = self.smaller_calls()
        next(todo, None)
        attempt = self.next_calls(todo)
        while attempt and self.left > 0:
            try:
                with Session(self.place, self.case["options"], [self.case["layers"]] * self.CASES) as session:
                    for number in range(self.CASES):
                        attempt = todo.send(self.shows(session, number, attempt))
            except StopIteration:
                return
            except Difference:
                attempt = self.next_calls(todo)

    def next_calls(self, todo):
        try:
            return todo.send(False)
        except StopIteration:
            return None

    def smaller_calls(self):
        """Yields cases, and is told of each whether it was taken."""
        yield None
        again = True
        while again:
            again = False
            for size in self.parts(len(self.case["calls"])):
                end = len(self.case["calls"])
                while end > 0:
                    start = max(0, end - size)
                    taken = yield self.without("calls", start, end - start)
                    again = again or taken and size == 1
                    end = start

    def cut_layers(self):
        for size in self.parts(2 * len(self.case["layers"])):
            starts = list(range(0, len(self.case["layers"]), size))
            while starts and self.left > 0:
                batch, starts = starts[-self.CASES :], starts[: -self.CASES]
                taken = self.first_without_objects(batch, size)
                if taken is not None:
                    starts += [start for start in batch if start < taken]

    def first_without_objects(self, starts, size):
        """The last start of a part that can be left out; what lies before it is to be tried again."""
        smaller = [self.without("layers", start, size) for start in starts]
        try:
            with Session(self.place, self.case["options"], [case["layers"] for case in smaller]) as session:
                for number in reversed(range(len(smaller))):
                    if self.shows(session, number, smaller[number]):
                        return starts[number]
        except Difference:
            pass  # of these layers no answer is to be had
        return None


def write(case):
    lines = [json.dumps({key: case[key] for key in ("seed", "options", "accounts")})]
    lines += [json.dumps(thing) for thing in case["layers"]]
    lines += [json.dumps(call) for call in case["calls"]]
    return "\n".join(lines) + "\n"


def read(path):
    with open(path) as file:
        lines = [json.loads(line) for line in file if line.strip()]
    return dict(
        lines[0],
        without=[],
        layers=[line for line in lines[1:] if isinstance(line, dict)],
        calls=[line for line in lines[1:] if isinstance(line, list)],
    )


def needs_root(case):
    return any(case["accounts"]) or any("uid" in thing or "gid" in thing for thing in case["layers"])


def replay(place, cases):
    """Cases from files, those with the same options in one mount: a difference and its case, or None."""
    if not place.root:
        cases = [case for case in cases if not needs_root(case)]
    for options in sorted({tuple(case["options"]) for case in cases}):
        same = [case for case in cases if tuple(case["options"]) == options]
        with Session(place, list(options), [case["layers"] for case in same]) as session:
            for number, case in enumerate(same):
                difference = difference_in(session, number, case)
                if difference is not None:
                    return difference, case
    return None, sum(len(case["calls"]) for case in cases)


def main(mode, home, point, variant, what, *rest):
    os.umask(0o022)
    if mode == "run":
        place = Place(home, point, variant, list(rest[2:]))
        difference, case = run_random(place, int(what), int(rest[0]), int(rest[1]))
    else:
        place = Place(home, point, variant, list(rest))
        difference, case = replay(place, [read(path) for path in what.split(",")])
    if difference is None:
        print("%d calls" % case)
        return 0
    print("seed %s, call %d: %s" % (case["seed"], len(case["calls"]), difference), flush=True)
    shrinking = Shrinking(place, case, difference, int(os.environ.get("ORACLE_ATTEMPTS", "400")))
    how = shrinking.cut()
    print("cut down (%s): %s\n%s" % (how, shrinking.difference, write(shrinking.case)))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
