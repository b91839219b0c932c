package io.unionfs.cli;

import io.unionfs.image.LayerUnpacking;
import io.unionfs.image.LayerUnpacking.Owners;
import io.unionfs.image.LayerUnpacking.Unpacked;
import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options of commands that unpack layers. */
final class UnpackOptions {
  private static final String UNITS = "KMGTP";
  private static final int UNIT_BITS = 10;

  @Option(
      names = "--owners",
      paramLabel = "WHERE",
      description = {
        "How owners, modes and devices are kept: host (default for root), or xattr (default for"
            + " others), in user.containers.override_stat of each file, which unionfs-mount follows."
      })
  private @Nullable String owners;

  @Option(
      names = "--limit",
      paramLabel = "SIZE",
      description = {
        "The most that a layer may unpack to, 4 KiB for each object and its data; with K, M, G, T"
            + " behind the number. Default: what is free on the file system, less a twentieth."
      })
  private @Nullable String limit;

  LayerUnpacking open(Sys sys, Watcher watcher) {
    String where = owners;
    String most = limit;
    return new LayerUnpacking(
        sys,
        where == null ? LayerUnpacking.defaultOwners() : owners(where),
        most == null ? null : bytes(most),
        watcher);
  }

  private static Owners owners(String where) {
    return switch (where) {
      case "host" -> Owners.HOST;
      case "xattr" -> Owners.XATTR;
      default ->
          throw new IllegalArgumentException(
              "owners must be host or xattr, not " + RawArguments.show(where));
    };
  }

  /** A size with or without a unit. */
  static long bytes(String size) {
    String upper = size.toUpperCase(Locale.ROOT);
    int unit = upper.isEmpty() ? -1 : UNITS.indexOf(upper.charAt(upper.length() - 1));
    String digits = unit < 0 ? upper : upper.substring(0, upper.length() - 1);
    int bits = (unit + 1) * UNIT_BITS;
    try {
      long number = Long.parseLong(digits);
      if (number > 0 && number <= Long.MAX_VALUE >> bits) {
        return number << bits;
      }
    } catch (NumberFormatException e) {
      throw notASize(size);
    }
    throw notASize(size);
  }

  private static IllegalArgumentException notASize(String size) {
    return new IllegalArgumentException(
        "a size is a number of bytes, perhaps with K, M, G or T behind it, not "
            + RawArguments.show(size));
  }

  /** Says what could not be kept. */
  static void warn(CommandSpec spec, Unpacked unpacked) {
    if (unpacked.lost().isEmpty()) {
      return;
    }
    String names = unpacked.lost().stream().map(Name::toString).collect(Collectors.joining(", "));
    spec.commandLine()
        .getErr()
        .println(
            spec.qualifiedName()
                + ": warning: extended attributes that could not be kept here: "
                + names);
  }
}
