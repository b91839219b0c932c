package io.unionfs.sys;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A mount, as a line of {@code /proc/self/mountinfo} tells (proc(5)).
 *
 * @param root the directory of the file system that is mounted
 * @param mountPoint where, decoded
 * @param type the file system type, with a FUSE subtype behind a dot
 * @param source the mount source, decoded
 */
public record MountInfo(
    long id,
    long parent,
    int major,
    int minor,
    Name root,
    Name mountPoint,
    String options,
    String type,
    Name source,
    String superOptions) {

  /** All mounts of the process's namespace, in the kernel's order. */
  public static List<MountInfo> read(Sys sys) throws ErrnoException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (Fd fd = new Fd(sys, sys.openPath(bytes("/proc/self/mountinfo"), Linux.O_RDONLY, 0))) {
      byte[] part = new byte[16 << 10];
      int read;
      while ((read = sys.preadArray(fd.raw(), part, 0, part.length, text.size())) > 0) {
        text.write(part, 0, read);
      }
    }
    List<MountInfo> mounts = new ArrayList<>();
    // not lines(): a carriage return in a path stands there as it is
    for (String line : text.toString(StandardCharsets.ISO_8859_1).split("\n", -1)) {
      if (!line.isEmpty()) {
        mounts.add(parse(line));
      }
    }
    return mounts;
  }

  /* A char stands for a byte here: the text was read as ISO 8859-1. */
  static MountInfo parse(String line) {
    String[] fields = line.split(" ", -1);
    int separator = 6;
    while (!fields[separator].equals("-")) {
      separator++;
    }
    String[] device = fields[2].split(":", -1);
    return new MountInfo(
        Long.parseLong(fields[0]),
        Long.parseLong(fields[1]),
        Integer.parseInt(device[0]),
        Integer.parseInt(device[1]),
        decode(fields[3]),
        decode(fields[4]),
        fields[5],
        fields[separator + 1],
        decode(fields[separator + 2]),
        fields[separator + 3]);
  }

  private static Name decode(String field) {
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 3 < field.length()) {
        decoded.write(Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        decoded.write(c);
      }
    }
    return Name.of(decoded.toByteArray());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
