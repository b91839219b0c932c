package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/** A plain directory: what the host's file system does with the same calls. */
final class PlainSide implements OracleSide, AutoCloseable {
  private final Sys sys = Sys.linux();
  private final Fd root;

  PlainSide(byte[] path) throws ErrnoException {
    root = new Fd(sys, sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
  }

  private Fd parent(String path) throws ErrnoException {
    String[] parts = path.split("/", -1);
    Fd at = new Fd(sys, sys.dup(root.raw()));
    for (int i = 0; i < parts.length - 1; i++) {
      try (Fd above = at) {
        at =
            new Fd(
                sys,
                sys.openat(above.raw(), Name.of(parts[i]), Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
      }
    }
    return at;
  }

  private static Name base(String path) {
    return Name.of(path.substring(path.lastIndexOf('/') + 1));
  }

  private interface Action {
    void on(int dirFd, Name name) throws ErrnoException;
  }

  private String at(String path, Action action) throws ErrnoException {
    try (Fd dir = parent(path)) {
      action.on(dir.raw(), base(path));
      return "ok";
    }
  }

  @Override
  public String create(String path, int mode) throws ErrnoException {
    int flags = Linux.O_CREAT | Linux.O_EXCL | Linux.O_RDWR;
    return at(path, (dir, name) -> sys.close(sys.openat(dir, name, flags, mode)));
  }

  @Override
  public String mkdir(String path, int mode) throws ErrnoException {
    return at(path, (dir, name) -> sys.mkdirat(dir, name, mode));
  }

  @Override
  public String symlink(String path, String target) throws ErrnoException {
    return at(
        path, (dir, name) -> sys.symlinkat(target.getBytes(StandardCharsets.UTF_8), dir, name));
  }

  @Override
  public String fifo(String path, int mode) throws ErrnoException {
    return at(path, (dir, name) -> sys.mknodat(dir, name, Linux.S_IFIFO | mode, 0));
  }

  @Override
  public String link(String path, String newPath) throws ErrnoException {
    try (Fd from = parent(path)) {
      sys.statx(from.raw(), base(path), new Stat());
      return at(newPath, (dir, name) -> sys.linkat(from.raw(), base(path), dir, name));
    }
  }

  @Override
  public String unlink(String path) throws ErrnoException {
    return at(path, (dir, name) -> sys.unlinkat(dir, name, 0));
  }

  @Override
  public String rmdir(String path) throws ErrnoException {
    return at(path, (dir, name) -> sys.unlinkat(dir, name, Linux.AT_REMOVEDIR));
  }

  @Override
  public String rename(String path, String newPath, int flags) throws ErrnoException {
    try (Fd from = parent(path)) {
      return at(newPath, (dir, name) -> sys.renameat2(from.raw(), base(path), dir, name, flags));
    }
  }

  private Stat stat(int dir, Name name) throws ErrnoException {
    Stat stat = new Stat();
    sys.statx(dir, name, stat);
    return stat;
  }

  private void requireRegular(int dir, Name name) throws ErrnoException {
    Stat stat = stat(dir, name);
    if (stat.isDirectory()) {
      throw ErrnoException.of(Errno.EISDIR);
    }
    if (!stat.isRegular()) {
      throw ErrnoException.of(Errno.EINVAL);
    }
  }

  @Override
  public String write(String path, long offset, byte[] data) throws ErrnoException {
    return at(
        path,
        (dir, name) -> {
          requireRegular(dir, name);
          try (Fd fd = new Fd(sys, sys.openat(dir, name, Linux.O_WRONLY, 0))) {
            sys.pwriteArray(fd.raw(), data, 0, data.length, offset);
          }
        });
  }

  @Override
  public String truncate(String path, long size) throws ErrnoException {
    return at(
        path,
        (dir, name) -> {
          requireRegular(dir, name);
          try (Fd fd = new Fd(sys, sys.openat(dir, name, Linux.O_WRONLY, 0))) {
            sys.ftruncate(fd.raw(), size);
          }
        });
  }

  @Override
  public String chmod(String path, int mode) throws ErrnoException {
    return at(path, (dir, name) -> sys.fchmodat(dir, name, mode));
  }

  @Override
  public String utimens(String path, long seconds, int nanos) throws ErrnoException {
    return at(path, (dir, name) -> sys.utimensat(dir, name, seconds, nanos, seconds, nanos));
  }

  @Override
  public String setxattr(String path, String xattr, byte[] value, int flags) throws ErrnoException {
    return at(path, (dir, name) -> sys.setxattrat(dir, name, Name.of(xattr), value, flags));
  }

  @Override
  public String removexattr(String path, String xattr) throws ErrnoException {
    return at(path, (dir, name) -> sys.removexattrat(dir, name, Name.of(xattr)));
  }

  @Override
  public String list(String path) throws ErrnoException {
    return names(path).toString();
  }

  @Override
  public List<String> names(String path) throws ErrnoException {
    List<String> names = new ArrayList<>();
    try (Fd dir = path.isEmpty() ? new Fd(sys, sys.dup(root.raw())) : open(path);
        Dirents entries = Dirents.open(sys, dir.raw())) {
      entries.rewind();
      while (entries.next()) {
        if (!entries.isDotOrDotDot()) {
          names.add(entries.name().toString());
        }
      }
    }
    Collections.sort(names);
    return names;
  }

  private Fd open(String path) throws ErrnoException {
    try (Fd dir = parent(path)) {
      return new Fd(sys, sys.openat(dir.raw(), base(path), Linux.O_RDONLY | Linux.O_DIRECTORY, 0));
    }
  }

  @Override
  public boolean isDirectory(String path) throws ErrnoException {
    try (Fd dir = parent(path)) {
      return stat(dir.raw(), base(path)).isDirectory();
    }
  }

  @Override
  public String describe(String path) throws ErrnoException {
    try (Fd dir = parent(path)) {
      Name name = base(path);
      Stat stat = stat(dir.raw(), name);
      StringBuilder text = new StringBuilder(describe(stat));
      for (Name xattr : Marks.split(sys.listxattrat(dir.raw(), name)).stream().sorted().toList()) {
        byte[] value = sys.getxattrat(dir.raw(), name, xattr);
        if (xattr.toString().startsWith("user.t") && value != null) {
          text.append(' ').append(xattr).append('=').append(HexFormat.of().formatHex(value));
        }
      }
      if (stat.isSymlink()) {
        text.append(" -> ").append(Name.of(sys.readlinkat(dir.raw(), name)));
      } else if (stat.isRegular()) {
        byte[] data = new byte[(int) stat.size];
        try (Fd fd = new Fd(sys, sys.openat(dir.raw(), name, Linux.O_RDONLY, 0))) {
          int read = sys.preadArray(fd.raw(), data, 0, data.length, 0);
          text.append(" read ").append(read);
        }
        text.append(' ').append(HexFormat.of().formatHex(data));
      }
      return text.toString();
    }
  }

  /** What both sides say of attributes; times only where a test set them. */
  static String describe(Stat stat) {
    String size = stat.isRegular() ? " size " + stat.size : "";
    String time =
        stat.isDirectory() || stat.mtime > CoreOracleTest.SET_TIMES_BEFORE
            ? ""
            : " mtime " + stat.mtime + "." + stat.mtimeNsec;
    return String.format("%o links %d%s%s", stat.mode, stat.nlink, size, time);
  }

  @Override
  public void close() {
    root.close();
  }
}
