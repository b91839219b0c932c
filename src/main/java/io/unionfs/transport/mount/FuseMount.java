package io.unionfs.transport.mount;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.Linux;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import io.unionfs.sys.Sys;
import io.unionfs.transport.MountBusyException;
import io.unionfs.transport.MountPoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * libfuse could do this part as well, but it forks the multi-threaded JVM, prints its errors to
 * our standard error instead of returning them, and parses options in a way of its own. Mounting
 * is mount(2) with the descriptor of /dev/fuse, or fusermount3 doing that for us.
 */

/** A FUSE file system in the kernel's mount table, and the device that serves it. */
public final class FuseMount {
  /** The part of the type that follows {@code fuse.} in mount tables. */
  static final String SUBTYPE = "unionfs-mount";

  private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);
  private static final String TYPE = "fuse." + SUBTYPE;
  private static final byte[] DEVICE = bytes("/dev/fuse");
  private static final long DEVICE_NUMBER = Linux.makedev(10, 229);
  private static final Name DESCRIPTORS = Name.of("/dev/fd/");
  private static final int MOST_DIGITS = 9;
  private static final int CAP_SYS_ADMIN = 21;
  private static final int UMOUNT_NOFOLLOW = 8;
  private static final long FUSE_SUPER_MAGIC = 0x65735546L;

  private final Sys sys;
  private final Name path;
  private final Fd device;

  /** The mount's number in the mount table, or -1 where it was not found there. */
  private final long mountId;

  private final long connection;

  /** Whether somebody else mounted, and handed the device over. */
  private final boolean handedOver;

  private FuseMount(
      Sys sys, Name path, Fd device, long mountId, long connection, boolean handedOver) {
    this.sys = sys;
    this.path = path;
    this.device = device;
    this.mountId = mountId;
    this.connection = connection;
    this.handedOver = handedOver;
  }

  private static FuseMount own(Sys sys, Name path, int deviceFd) {
    MountInfo mount = topmost(sys, path);
    Fd device = new Fd(sys, deviceFd);
    return mount == null
        ? new FuseMount(sys, path, device, -1, -1, false)
        : new FuseMount(sys, path, device, mount.id(), FuseConnections.of(mount), false);
  }

  /**
   * Mounts. Nothing answers there until somebody serves {@link #deviceFd}.
   *
   * @throws IOException if it cannot be mounted; the message is for the user
   */
  public static FuseMount attach(Sys sys, MountPoint at) throws IOException {
    int given = handedOver(at.path());
    if (given >= 0) {
      checkDevice(sys, given);
      return takeOver(sys, Name.of(at.path()), given);
    }
    long flags = MountFlags.of(at.kernelFlags());
    Name path = canonical(sys, Name.of(at.path()));
    try (Fd device = openDevice(sys)) {
      int errno = mayMount() ? tryMount(sys, path, at, flags, device.raw()) : Errno.EPERM;
      if (errno == 0) {
        return own(sys, path, device.take());
      }
      if (errno == Errno.EPERM && OwnProcess.geteuid() == 0) {
        throw new IOException(
            "cannot mount on "
                + path
                + ": not permitted, although you are root;"
                + " in a container, start it with --cap-add SYS_ADMIN --device /dev/fuse");
      }
      if (errno != Errno.EPERM) {
        throw new IOException(
            "cannot mount on " + path + ": " + ErrnoException.of(errno).getMessage());
      }
    }
    try {
      return own(sys, path, Fusermount.find(sys).mount(path, fusermountOptions(at)));
    } catch (IOException e) {
      throw new IOException("cannot mount on " + path + ": " + e.getMessage(), e);
    }
  }

  /** A mount that is there already, by a descriptor of its device, which is ours from here on. */
  static FuseMount takeOver(Sys sys, Name path, int deviceFd) {
    long connection = FuseConnections.ofDevice(sys, deviceFd);
    return new FuseMount(sys, path, new Fd(sys, deviceFd), -1, connection, true);
  }

  /* A number that nobody passed on may be a file of the JVM's by now. */
  private static void checkDevice(Sys sys, int fd) throws IOException {
    Stat stat = new Stat();
    try {
      sys.fstatx(fd, stat);
    } catch (ErrnoException e) {
      throw new IOException("descriptor " + fd + " is not open: " + e.getMessage(), e);
    }
    if (stat.type() != Linux.S_IFCHR || stat.rdev != DEVICE_NUMBER) {
      throw new IOException("descriptor " + fd + " is not one of /dev/fuse");
    }
  }

  /**
   * The descriptor that a mount point of the form {@code /dev/fd/N} names: of {@code /dev/fuse}, on
   * which the caller has mounted already, as mount.fuse(8) has it. -1 for any other path.
   */
  public static int handedOver(byte[] path) {
    Name name = Name.of(path);
    int digits = name.length() - DESCRIPTORS.length();
    if (!name.startsWith(DESCRIPTORS) || digits < 1 || digits > MOST_DIGITS) {
      return -1;
    }
    if (digits > 1 && name.byteAt(DESCRIPTORS.length()) == '0') {
      return -1; // there is no such name in /dev/fd
    }
    int fd = 0;
    for (int i = DESCRIPTORS.length(); i < name.length(); i++) {
      int digit = name.byteAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      fd = fd * 10 + digit;
    }
    return fd;
  }

  /** The mount's number in the mount table, or -1 where it was not found there. */
  public long mountId() {
    return mountId;
  }

  /**
   * The number of the mount's directory in {@code /sys/fs/fuse/connections}, or -1 where it is
   * unknown: without /proc, or for a mount that was handed over, with a kernel that does not tell.
   */
  public long connection() {
    return connection;
  }

  /** Whether the mount was made by somebody else, who alone can end it. */
  public boolean isHandedOver() {
    return handedOver;
  }

  /** The descriptor of {@code /dev/fuse}, valid until {@link #closeDevice}. */
  public int deviceFd() {
    return device.raw();
  }

  /** Closes the device, which ends the connection if it has not ended yet. */
  public void closeDevice() {
    device.close();
  }

  /** The mount point as text. */
  @Override
  public String toString() {
    return path.toString();
  }

  /**
   * Asks the mounted file system a question and waits for the answer.
   *
   * @throws IOException if another file system answers, or none
   */
  public void awaitAnswer() throws IOException {
    if (handedOver) {
      return; // where it is mounted is not known here
    }
    try (Fd root = new Fd(sys, sys.openPath(path.bytes(), Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      StatFs answer = new StatFs();
      sys.fstatfs(root.raw(), answer);
      if (answer.type != FUSE_SUPER_MAGIC) {
        throw new IOException(path + " was mounted over by another file system");
      }
    } catch (ErrnoException e) {
      throw new IOException(path + " does not answer: " + e.getMessage(), e);
    }
  }

  /**
   * Ends the connection of a mount that was handed over. The mount itself stays, dead, until
   * whoever made it unmounts. What was written is handed on before, where the mount is seen here.
   *
   * @throws IOException if the kernel cannot be asked: the connection's number is unknown, or
   *     fusectl is not mounted, or another user mounted
   */
  public void abort() throws IOException {
    if (connection < 0) {
      throw new IOException(path + " was mounted by whoever started this server; unmount it there");
    }
    try {
      FuseConnections.sync(sys, connection);
    } catch (ErrnoException e) {
      LOG.warn("{}: what was written last may be lost: {}", path, e.getMessage());
    }
    try {
      FuseConnections.abort(sys, connection);
    } catch (ErrnoException e) {
      throw new IOException(
          path + ": connection " + connection + " cannot be ended: " + e.getMessage(), e);
    }
  }

  /**
   * Takes the mount out of the mount table; nothing happens if it is not there any more.
   *
   * @throws MountBusyException if it is in use and {@code lazy} is false
   * @throws IOException if it was handed over: only whoever mounted can unmount
   */
  public void unmount(boolean lazy) throws IOException {
    if (handedOver) {
      throw new IOException(path + " was mounted by whoever started this server; unmount it there");
    }
    if (mountId >= 0 && mountId(sys, path) != mountId) {
      return; // gone, or another mount lies on top
    }
    unmount(sys, path, lazy);
  }

  /**
   * Unmounts what a dead server left, whoever still has it open.
   *
   * @param path absolute and without links
   * @throws IOException if that is not allowed, with a message for the user
   */
  public static void detach(Sys sys, Name path) throws IOException {
    unmount(sys, path, true);
  }

  private static void unmount(Sys sys, Name path, boolean lazy) throws IOException {
    try {
      sys.umount2(path.bytes(), UMOUNT_NOFOLLOW | (lazy ? Linux.MNT_DETACH : 0));
    } catch (ErrnoException e) {
      switch (e.errno()) {
        case Errno.EPERM -> Fusermount.find(sys).unmount(path, lazy);
        case Errno.EBUSY -> throw busy(path);
        case Errno.EINVAL, Errno.ENOENT -> {
          // Somebody else was faster.
        }
        default -> throw new IOException("cannot unmount " + path + ": " + e.getMessage(), e);
      }
    }
  }

  static MountBusyException busy(Name path) {
    return new MountBusyException(
        path + " is busy: a program has a file open in it, or works in it (EBUSY)");
  }

  private static boolean mayMount() {
    try {
      return OwnProcess.hasCapability(CAP_SYS_ADMIN);
    } catch (ErrnoException e) {
      return false; // fusermount is the careful choice
    }
  }

  private static int tryMount(Sys sys, Name path, MountPoint at, long flags, int fd) {
    String data =
        "fd="
            + fd
            + ",rootmode="
            + Integer.toOctalString(Linux.S_IFDIR)
            + ",user_id="
            + OwnProcess.getuid()
            + ",group_id="
            + OwnProcess.getgid()
            + ",default_permissions"
            + (at.allowOther() ? ",allow_other" : "");
    try {
      sys.mount(at.fsname(), path.bytes(), bytes(TYPE), flags, bytes(data));
      return 0;
    } catch (ErrnoException e) {
      return e.errno();
    }
  }

  /** The options for fusermount, which adds {@code nosuid} and {@code nodev} by itself. */
  static byte[] fusermountOptions(MountPoint at) {
    ByteArrayOutputStream options = new ByteArrayOutputStream();
    options.writeBytes(bytes("default_permissions,subtype=" + SUBTYPE));
    if (at.allowOther()) {
      options.writeBytes(bytes(",allow_other"));
    }
    for (String flag : at.kernelFlags()) {
      options.writeBytes(bytes("," + flag));
    }
    options.writeBytes(bytes(",fsname="));
    for (byte b : at.fsname()) {
      if (b == ',' || b == '\\') {
        options.write('\\');
      }
      options.write(b);
    }
    return options.toByteArray();
  }

  private static Fd openDevice(Sys sys) throws IOException {
    try {
      return new Fd(sys, sys.openPath(DEVICE, Linux.O_RDWR, 0));
    } catch (ErrnoException e) {
      throw new IOException(
          switch (e.errno()) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                "/dev/fuse is missing; run: modprobe fuse"
                    + " (in a container: start it with --device /dev/fuse)";
            case Errno.EACCES, Errno.EPERM ->
                "no permission to open /dev/fuse; run as root: chmod 666 /dev/fuse";
            default -> "cannot open /dev/fuse: " + e.getMessage();
          },
          e);
    }
  }

  /** The path without symlinks, of a directory on which a union may be mounted. */
  private static Name canonical(Sys sys, Name path) throws IOException {
    Stat stat = new Stat();
    try {
      sys.statxPath(path.bytes(), true, stat);
      if (!stat.isDirectory()) {
        throw ErrnoException.of(Errno.ENOTDIR);
      }
    } catch (ErrnoException e) {
      String subject = "mount point " + path;
      throw new IOException(
          switch (e.errno()) {
            case Errno.ENOENT -> subject + " does not exist; make the directory first";
            case Errno.ENOTDIR -> subject + " is not a directory";
            case Errno.ENOTCONN ->
                subject + " is a mount whose server is gone; run: umount " + path;
            default -> subject + ": " + e.getMessage();
          },
          e);
    }
    Name real = realPath(sys, path);
    MountInfo there = topmost(sys, real);
    if (there != null && there.type().equals(TYPE)) {
      throw new IOException(
          "mount point " + path + " already carries a union; run: umount " + path);
    }
    return real;
  }

  private static Name realPath(Sys sys, Name path) {
    byte[] descriptors = bytes("/proc/self/fd");
    try (Fd directory =
            new Fd(sys, sys.openPath(path.bytes(), Linux.O_PATH | Linux.O_DIRECTORY, 0));
        Fd links = new Fd(sys, sys.openPath(descriptors, Linux.O_PATH | Linux.O_DIRECTORY, 0))) {
      Name number = Name.of(Integer.toString(directory.raw()));
      return Name.of(sys.readlinkat(links.raw(), number));
    } catch (ErrnoException e) {
      return path; // no /proc: as it was given, then
    }
  }

  private static long mountId(Sys sys, Name path) {
    MountInfo mount = topmost(sys, path);
    return mount == null ? -1 : mount.id();
  }

  /** The mount that lies on top at a path, or null if it is none, or the table is not readable. */
  private static @Nullable MountInfo topmost(Sys sys, Name path) {
    MountInfo found = null;
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        if (mount.mountPoint().equals(path)) {
          found = mount; // of two, the one on top comes later
        }
      }
    } catch (ErrnoException e) {
      return null; // no /proc: mounting works without
    }
    return found;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
