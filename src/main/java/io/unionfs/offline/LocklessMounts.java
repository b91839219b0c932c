package io.unionfs.offline;

import io.unionfs.layer.Directories.Checked;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/*
 * The kernel's overlayfs shows its directories in the mount table as they were given to mount(8): by a
 * link, with a slash at the end, or from a directory that nobody knows any more. So what an option leads to
 * is compared by its identity, and where that cannot be told, a name that may be it counts. fuse-overlayfs
 * has them in its command line alone. Mounts of other namespaces are not seen, except of the latter.
 *
 * A char stands for a byte in strings here (ISO 8859-1).
 */
/** Mounts of the kernel's overlayfs and of fuse-overlayfs, which hold no lock on what they use. */
final class LocklessMounts {
  private static final Path PROC = Path.of("/proc");
  private static final List<String> WRITABLE = List.of("upperdir=", "workdir=");
  private static final String FUSE_OVERLAYFS = "fuse-overlayfs";
  private static final Pattern COMMA = Pattern.compile("(?<!\\\\),");
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");
  private static final Pattern ESCAPED = Pattern.compile("\\\\([,:\\\\])");

  private final Sys sys;
  private final List<Checked> directories;

  /**
   * @param directories that nobody else may write to
   */
  LocklessMounts(Sys sys, List<Checked> directories) {
    this.sys = sys;
    this.directories = directories;
  }

  /**
   * Checks that none uses the directories.
   *
   * @throws IOException if one does, or may; the message is for the user
   */
  void requireNone() throws IOException {
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        requireOther(mount);
      }
    } catch (ErrnoException e) {
      throw new IOException("the mount table: " + e.getMessage(), e);
    }
    requireNoProcess(PROC);
  }

  void requireOther(MountInfo mount) throws IOException {
    String user = "the mount at " + mount.mountPoint();
    for (String option : COMMA.split(mount.superOptions(), -1)) {
      requireOther(option, user, List.of(""));
    }
  }

  /** As {@link #requireNone}, of the processes of fuse-overlayfs. */
  void requireNoProcess(Path proc) throws IOException {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        // the kernel keeps 15 bytes of it
        if (read(process.resolve("comm")).startsWith(FUSE_OVERLAYFS)) {
          requireOther(process);
        }
      }
    }
  }

  private void requireOther(Path process) throws IOException {
    String user = FUSE_OVERLAYFS + ", process " + process.getFileName();
    List<String> starts = List.of("", process + "/root", process + "/cwd/");
    for (String argument : read(process.resolve("cmdline")).split("\0", -1)) {
      String options = argument.startsWith("-o") ? argument.substring(2) : argument;
      for (String option : COMMA.split(options, -1)) {
        requireOther(option, user, starts);
      }
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // the process is gone
    }
  }

  private void requireOther(String option, String user, List<String> starts) throws IOException {
    for (String key : WRITABLE) {
      if (option.startsWith(key)) {
        for (String path : spellings(option.substring(key.length()))) {
          requireOther(key, path, user, starts);
        }
      }
    }
  }

  private void requireOther(String key, String path, String user, List<String> starts)
      throws IOException {
    for (Checked directory : directories) {
      if (isText(path, directory)
          || starts.stream().anyMatch(start -> leadsTo(start + path, directory))) {
        throw new IOException(directory + " is in use by " + user + "; unmount that first");
      }
      if (!path.startsWith("/") && mayBe(path, directory)) {
        throw new IOException(
            directory
                + " may be in use by "
                + user
                + ", whose "
                + key
                + Name.of(bytes(path))
                + " does not say where that is; unmount it first");
      }
    }
  }

  /* Kernels differ in whether the escapes of mount(8) are left below those of the table. */
  private static Set<String> spellings(String value) {
    Set<String> all = new LinkedHashSet<>();
    String decoded =
        OCTAL
            .matcher(value)
            .replaceAll(
                found ->
                    Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(found.group(1), 8))));
    all.add(decoded);
    all.add(ESCAPED.matcher(decoded).replaceAll("$1"));
    return all;
  }

  private boolean leadsTo(String path, Checked directory) {
    Stat stat = new Stat();
    try {
      sys.statxPath(bytes(path), true, stat);
      return directory.isSame(stat);
    } catch (ErrnoException e) {
      return false; // nowhere that this process sees; the names are compared
    }
  }

  private static boolean isText(String path, Checked directory) {
    return path.startsWith("/") && withoutEnd(path).equals(text(directory.real()));
  }

  private static boolean mayBe(String path, Checked directory) {
    String last = last(path);
    return last.isEmpty()
        || last.equals(".")
        || last.equals("..")
        || last.equals(last(text(directory.real())))
        || last.equals(last(text(directory.shown())));
  }

  private static String last(String path) {
    String name = withoutEnd(path);
    return name.substring(name.lastIndexOf('/') + 1);
  }

  private static String withoutEnd(String path) {
    String name = path;
    while (name.endsWith("/") || name.endsWith("/.")) {
      name = name.substring(0, name.lastIndexOf('/'));
    }
    return name;
  }

  private static String text(byte[] path) {
    return new String(path, StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String path) {
    return path.getBytes(StandardCharsets.ISO_8859_1);
  }
}
