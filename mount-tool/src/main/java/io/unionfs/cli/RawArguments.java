package io.unionfs.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/*
 * The JVM decodes its arguments with the locale's encoding and loses bytes that are not valid in it.
 * The kernel has them as they were given. One char stands for one byte (ISO 8859-1) from here to the
 * API, which takes paths as bytes.
 */
/** The command line's arguments, byte for byte. */
final class RawArguments {
  private RawArguments() {}

  /**
   * The last arguments of the process.
   *
   * @param decoded the arguments as the JVM gave them to main, whose number counts
   */
  static String[] of(String[] decoded) throws IOException {
    byte[] all = Files.readAllBytes(Path.of("/proc/self/cmdline"));
    List<String> raw = split(new String(all, StandardCharsets.ISO_8859_1));
    if (raw.size() < decoded.length) {
      return decoded; // started by something that is not the java command
    }
    return raw.subList(raw.size() - decoded.length, raw.size()).toArray(new String[0]);
  }

  static List<String> split(String cmdline) {
    List<String> arguments = new ArrayList<>();
    int start = 0;
    for (int end = cmdline.indexOf('\0'); end >= 0; end = cmdline.indexOf('\0', start)) {
      arguments.add(cmdline.substring(start, end));
      start = end + 1;
    }
    return arguments;
  }

  /** The bytes of an argument. */
  static byte[] bytes(String argument) {
    return argument.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** An argument as text for messages: UTF-8 where it is. */
  static String show(String argument) {
    return io.unionfs.sys.Name.of(bytes(argument)).toString();
  }
}
