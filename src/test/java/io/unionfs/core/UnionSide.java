package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Scratch;
import io.unionfs.sys.Stat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/** A union, driven through the core's API. */
final class UnionSide implements OracleSide {
  private final UnionFileSystem fs;
  private final Caller caller = new Caller(OwnProcess.geteuid(), OwnProcess.getegid(), umask(), 1);

  UnionSide(UnionFileSystem fs) {
    this.fs = fs;
  }

  /* The host applies this process's mask on the plain side. */
  private static int umask() {
    int mask = OwnProcess.umask(0);
    OwnProcess.umask(mask);
    return mask;
  }

  private DirNode parent(String path) throws ErrnoException {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? fs.root() : directory(path.substring(0, slash));
  }

  private DirNode directory(String path) throws ErrnoException {
    Node at = fs.root();
    for (String part : path.split("/", -1)) {
      if (part.isEmpty()) {
        continue;
      }
      if (!(at instanceof DirNode dir)) {
        throw ErrnoException.of(Errno.ENOTDIR);
      }
      Node next = fs.lookup(dir, Name.of(part));
      if (next == null) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      at = next;
    }
    if (!(at instanceof DirNode dir)) {
      throw ErrnoException.of(Errno.ENOTDIR);
    }
    return dir;
  }

  private static Name base(String path) {
    return Name.of(path.substring(path.lastIndexOf('/') + 1));
  }

  Node node(String path) throws ErrnoException {
    Node node = fs.lookup(parent(path), base(path));
    if (node == null) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    return node;
  }

  private FileNode regular(String path) throws ErrnoException {
    Node node = node(path);
    if (!(node instanceof FileNode file)) {
      throw ErrnoException.of(Errno.EISDIR);
    }
    if (!file.isRegular()) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    return file;
  }

  @Override
  public String create(String path, int mode) throws ErrnoException {
    fs.create(parent(path), base(path), mode, caller, null);
    return "ok";
  }

  @Override
  public String mkdir(String path, int mode) throws ErrnoException {
    fs.mkdir(parent(path), base(path), mode, caller, null);
    return "ok";
  }

  @Override
  public String symlink(String path, String target) throws ErrnoException {
    fs.symlink(parent(path), base(path), target.getBytes(StandardCharsets.UTF_8), caller, null);
    return "ok";
  }

  @Override
  public String fifo(String path, int mode) throws ErrnoException {
    fs.mknod(parent(path), base(path), Linux.S_IFIFO | mode, 0, caller, null);
    return "ok";
  }

  @Override
  public String link(String path, String newPath) throws ErrnoException {
    Node node = node(path);
    DirNode newParent = parent(newPath);
    if (node.isDirectory() && fs.lookup(newParent, base(newPath)) != null) {
      throw ErrnoException.of(
          Errno.EEXIST); // the kernel's own check, before a file system is asked
    }
    fs.link(node, newParent, base(newPath));
    return "ok";
  }

  @Override
  public String unlink(String path) throws ErrnoException {
    fs.unlink(parent(path), base(path));
    return "ok";
  }

  @Override
  public String rmdir(String path) throws ErrnoException {
    fs.rmdir(parent(path), base(path));
    return "ok";
  }

  @Override
  public String rename(String path, String newPath, int flags) throws ErrnoException {
    fs.rename(parent(path), base(path), parent(newPath), base(newPath), flags);
    return "ok";
  }

  @Override
  public String write(String path, long offset, byte[] data) throws ErrnoException {
    Scratch scratch = Scratch.get();
    NativeMemory.putBytes(scratch.address(), data, 0, data.length);
    fs.write(regular(path), scratch.address(), data.length, offset);
    return "ok";
  }

  private String set(Node node, SetAttr change) throws ErrnoException {
    fs.setattr(node, change, caller);
    return "ok";
  }

  @Override
  public String truncate(String path, long size) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.SIZE;
    change.size = size;
    return set(regular(path), change);
  }

  @Override
  public String chmod(String path, int mode) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = mode;
    return set(node(path), change);
  }

  @Override
  public String utimens(String path, long seconds, int nanos) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.ATIME | SetAttr.MTIME;
    change.atime = seconds;
    change.mtime = seconds;
    change.atimeNsec = nanos;
    change.mtimeNsec = nanos;
    return set(node(path), change);
  }

  @Override
  public String setxattr(String path, String name, byte[] value, int flags) throws ErrnoException {
    fs.setxattr(node(path), Name.of(name), value, flags, caller);
    return "ok";
  }

  @Override
  public String removexattr(String path, String name) throws ErrnoException {
    fs.removexattr(node(path), Name.of(name), caller);
    return "ok";
  }

  @Override
  public String list(String path) throws ErrnoException {
    return names(path).toString();
  }

  @Override
  public List<String> names(String path) throws ErrnoException {
    DirNode dir = directory(path);
    Listing listing = fs.list(dir);
    List<String> names = new ArrayList<>();
    for (int i = 2; i < listing.size(); i++) {
      Name name = listing.name(i);
      Node node = fs.lookup(dir, name);
      if (node == null) {
        throw new AssertionError("listed but not there: " + path + "/" + name);
      }
      if (node.ino() != listing.ino(i)) {
        throw new AssertionError(
            String.format(
                "%s/%s: d_ino %x is not st_ino %x", path, name, listing.ino(i), node.ino()));
      }
      if (node.type() >> 12 != listing.type(i)) {
        throw new AssertionError("d_type is wrong: " + path + "/" + name);
      }
      names.add(name.toString());
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public boolean isDirectory(String path) throws ErrnoException {
    return node(path).isDirectory();
  }

  @Override
  public String describe(String path) throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node(path), stat);
    return PlainSide.describe(stat) + contents(path, stat);
  }

  /** What does not change by itself: neither times nor the count of links. */
  String describeLasting(String path) throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node(path), stat);
    return Integer.toOctalString(stat.mode)
        + " "
        + stat.uid
        + ":"
        + stat.gid
        + contents(path, stat);
  }

  private String contents(String path, Stat stat) throws ErrnoException {
    Node node = node(path);
    StringBuilder text = new StringBuilder();
    for (Name xattr : Marks.split(fs.listxattr(node, caller)).stream().sorted().toList()) {
      byte[] value = fs.getxattr(node, xattr);
      if (xattr.toString().startsWith("user.t") && value != null) {
        text.append(' ').append(xattr).append('=').append(HexFormat.of().formatHex(value));
      }
    }
    if (stat.isSymlink()) {
      text.append(" -> ").append(Name.of(fs.readlink(node)));
    } else if (stat.isRegular()) {
      byte[] data = new byte[(int) stat.size];
      Scratch scratch = Scratch.get();
      int read = fs.read((FileNode) node, scratch.address(), data.length, 0);
      NativeMemory.getBytes(scratch.address(), data, 0, read);
      text.append(" read ").append(read).append(' ').append(HexFormat.of().formatHex(data));
    }
    return text.toString();
  }
}
