package io.unionfs.transport.mount;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;

/** The numbers by which {@code /sys/fs/fuse/connections} knows FUSE mounts. */
public final class FuseConnections {
  private static final String DIRECTORY = "/sys/fs/fuse/connections";
  private static final long FUSECTL_SUPER_MAGIC = 0x65735543L;
  private static final String MEMBER = "fuse_connection:";
  private static final int MOST_BYTES = 4096;
  private static final String USERS = "Uid:";
  private static final String DEVICE = "/fuse"; // /dev/fuse, wherever /dev is

  /* namespaces(7): the namespace in which all processes are seen has always this number. */
  private static final Path PROCESSES = Path.of("/proc/self/ns/pid");
  private static final String ALL_PROCESSES = "pid:[4026531836]";

  private FuseConnections() {}

  /** The minor number of the mount's device; -1 if it is that of a block device (fuseblk). */
  static long of(MountInfo mount) {
    return mount.major() == 0 ? mount.minor() : -1;
  }

  /** What the kernel says of an open {@code /dev/fuse} (proc_pid_fdinfo(5)); -1 if nothing. */
  static long ofDevice(Sys sys, int deviceFd) {
    try {
      return read(sys, "/proc/self/fdinfo/" + deviceFd);
    } catch (ErrnoException e) {
      return -1; // no /proc
    }
  }

  private static long read(Sys sys, String fdinfo) throws ErrnoException {
    byte[] text = new byte[MOST_BYTES];
    try (Fd fd = new Fd(sys, sys.openPath(ascii(fdinfo), Linux.O_RDONLY, 0))) {
      int length = sys.preadArray(fd.raw(), text, 0, text.length, 0);
      return parse(new String(text, 0, length, StandardCharsets.US_ASCII));
    }
  }

  /**
   * Whether a process may have the device of a user's mount, which nobody is asked for. True also
   * means that it cannot be told: of a process of that user which this one may not look into, where
   * not all processes are seen, and by a kernel that does not say whose a device is.
   *
   * @param user the one that the mount belongs to
   */
  public static boolean mayBeServed(Sys sys, MountInfo mount, int user) {
    long connection = of(mount);
    try {
      if (connection < 0 || !Files.readSymbolicLink(PROCESSES).toString().equals(ALL_PROCESSES)) {
        return true;
      }
    } catch (IOException e) {
      return true; // no /proc
    }
    Iterator<ProcessHandle> all = ProcessHandle.allProcesses().iterator();
    while (all.hasNext()) {
      if (mayServe(sys, all.next().pid(), connection, user)) {
        return true;
      }
    }
    return false;
  }

  private static boolean mayServe(Sys sys, long pid, long connection, int user) {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path fd : open) {
        if (mayBeOf(sys, pid, fd, connection, user)) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException | DirectoryIteratorException e) {
      return false; // it has ended
    } catch (IOException e) {
      return isOf(pid, user); // not for us to see
    }
  }

  /* A device may have any name; where it is called as usual, and the kernel does not say which mount
  it serves, it may be this one's if the process is its owner's. */
  private static boolean mayBeOf(Sys sys, long pid, Path fd, long connection, int user)
      throws IOException {
    String name = linkOf(fd);
    if (!name.startsWith("/")) {
      return false; // a pipe, a socket
    }
    try {
      long found = read(sys, "/proc/" + pid + "/fdinfo/" + fd.getFileName());
      return found < 0 ? name.endsWith(DEVICE) && isOf(pid, user) : found == connection;
    } catch (ErrnoException e) {
      return e.errno() != Errno.ENOENT && e.errno() != Errno.ESRCH; // closed meanwhile
    }
  }

  private static boolean isOf(long pid, int user) {
    try (Stream<String> status =
        Files.lines(Path.of("/proc/" + pid + "/status"), StandardCharsets.ISO_8859_1)) {
      return status
          .filter(line -> line.startsWith(USERS))
          .flatMap(line -> Stream.of(line.substring(USERS.length()).strip().split("\t", -1)))
          .anyMatch(id -> Long.parseLong(id) == Integer.toUnsignedLong(user));
    } catch (NoSuchFileException e) {
      return false; // it has ended
    } catch (IOException | UncheckedIOException e) {
      return true;
    }
  }

  private static String linkOf(Path fd) throws IOException {
    try {
      return Files.readSymbolicLink(fd).toString();
    } catch (NoSuchFileException e) {
      return ""; // closed meanwhile
    }
  }

  /**
   * Ends a connection as if its server were gone; nothing happens if it has ended.
   *
   * @throws ErrnoException {@code ENODEV} if fusectl is not mounted; {@code EACCES} if another user
   *     made the connection
   */
  static void abort(Sys sys, long connection) throws ErrnoException {
    byte[] directory = ascii(DIRECTORY);
    StatFs there = new StatFs();
    try (Fd fd = new Fd(sys, sys.openPath(directory, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      sys.fstatfs(fd.raw(), there);
      if (there.type != FUSECTL_SUPER_MAGIC) {
        throw ErrnoException.of(Errno.ENODEV);
      }
      int abort = sys.tryOpenat(fd.raw(), Name.of(connection + "/abort"), Linux.O_WRONLY, 0);
      if (abort == -Errno.ENOENT) {
        return;
      }
      if (abort < 0) {
        throw ErrnoException.of(-abort);
      }
      try (Fd file = new Fd(sys, abort)) {
        sys.write(file.raw(), ascii("1"));
      }
    }
  }

  /** Has the kernel hand on what was written to a mount; nothing happens if it is not seen here. */
  static void sync(Sys sys, long connection) throws ErrnoException {
    Stat stat = new Stat();
    for (MountInfo mount : MountInfo.read(sys)) {
      if (of(mount) != connection) {
        continue;
      }
      byte[] path = mount.mountPoint().bytes();
      try (Fd fd = new Fd(sys, sys.openPath(path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0))) {
        sys.fstatx(fd.raw(), stat);
        if (stat.dev == Linux.makedev(0, mount.minor())) { // else it is mounted over
          sys.syncfs(fd.raw());
          return;
        }
      }
    }
  }

  static long parse(String fdinfo) {
    for (String line : fdinfo.split("\n", -1)) {
      if (line.startsWith(MEMBER)) {
        return Long.parseLong(line.substring(MEMBER.length()).strip());
      }
    }
    return -1;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
