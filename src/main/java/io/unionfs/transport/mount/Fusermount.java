package io.unionfs.transport.mount;

import io.unionfs.sys.Child;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import io.unionfs.transport.MountBusyException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The set-uid program that mounts and unmounts FUSE file systems for users who may not. */
final class Fusermount {
  /** Tells fusermount which descriptor is the socket that it sends the device through. */
  private static final String SOCKET_VARIABLE = "_FUSE_COMMFD=" + Child.SOCKET_FD;

  private static final String[] DIRECTORIES = {"/usr/bin", "/bin", "/usr/local/bin", "/sbin"};
  private static final String[] NAMES = {"fusermount3", "fusermount"};

  private final Sys sys;
  private final byte[] program;
  private final String name;

  private Fusermount(Sys sys, byte[] program, String name) {
    this.sys = sys;
    this.program = program;
    this.name = name;
  }

  /**
   * The installed program.
   *
   * @throws IOException if there is none, or none that is set-uid root
   */
  static Fusermount find(Sys sys) throws IOException {
    String unusable = "";
    List<String> directories = new ArrayList<>(List.of(DIRECTORIES));
    String path = System.getenv("PATH");
    if (path != null) {
      directories.addAll(0, List.of(path.split(":", -1)));
    }
    for (String name : NAMES) {
      for (String directory : directories) {
        String file = directory + "/" + name;
        byte[] bytes = file.getBytes(StandardCharsets.UTF_8);
        Stat stat = new Stat();
        try {
          sys.statxPath(bytes, true, stat);
        } catch (ErrnoException e) {
          continue; // not in this directory
        }
        if (stat.uid == 0 && (stat.mode & Linux.S_ISUID) != 0) {
          return new Fusermount(sys, bytes, name);
        }
        unusable = file;
      }
    }
    if (!unusable.isEmpty()) {
      throw new IOException(
          unusable + " is not set-uid root, so only root can mount; run: chmod 4755 " + unusable);
    }
    throw new IOException(
        "fusermount3 is not installed, so only root can mount; run: apt install fuse3");
  }

  /**
   * Mounts and returns the descriptor of {@code /dev/fuse} that serves the mount.
   *
   * @param options the value of fusermount's {@code -o}
   * @throws IOException if it refuses, with its own words
   */
  int mount(Name path, byte[] options) throws IOException {
    List<byte[]> arguments = List.of(bytes(name), bytes("-o"), options, bytes("--"), path.bytes());
    try (Child child = start(arguments)) {
      int fd = child.receiveFd();
      String errors = child.awaitErrors();
      child.awaitExit();
      if (fd < 0) {
        throw new IOException(explain(errors));
      }
      return fd;
    } catch (ErrnoException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Unmounts.
   *
   * @throws MountBusyException if the mount is in use and {@code lazy} is false
   * @throws IOException if it refuses, with its own words
   */
  void unmount(Name path, boolean lazy) throws IOException {
    List<byte[]> arguments = new ArrayList<>(List.of(bytes(name), bytes("-u")));
    if (lazy) {
      arguments.add(bytes("-z"));
    }
    arguments.add(bytes("--"));
    arguments.add(path.bytes());
    try (Child child = start(arguments)) {
      String errors = child.awaitErrors();
      if (child.awaitExit() == 0) {
        return;
      }
      if (errors.contains("busy")) {
        throw FuseMount.busy(path);
      }
      throw new IOException(explain(errors));
    } catch (ErrnoException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
  }

  private Child start(List<byte[]> arguments) throws ErrnoException {
    // LC_ALL: its messages are read here.
    return Child.start(
        sys,
        program,
        arguments,
        List.of(
            bytes(SOCKET_VARIABLE),
            bytes("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            bytes("LC_ALL=C")));
  }

  /** One line for the user out of what fusermount printed. */
  private String explain(String errors) {
    String line =
        errors.lines().reduce("", (first, next) -> first.isEmpty() ? next : first + "; " + next);
    String prefix = name + ": ";
    String text = line.replace(prefix, "");
    if (text.contains("user_allow_other")) {
      return "allow_other needs the line user_allow_other in /etc/fuse.conf, or root";
    }
    if (text.contains("no write access to mountpoint") || text.contains("not owned by user")) {
      return "the mount point must belong to you and be writable (" + text + ")";
    }
    return text.isEmpty() ? name + " failed without saying why" : prefix + text;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
