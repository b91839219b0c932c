package io.unionfs.cli;

import io.unionfs.control.ControlClient;
import io.unionfs.offline.Discard;
import io.unionfs.offline.Paths;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import io.unionfs.transport.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs discard}: throws away what an upper changes. */
@Command(
    name = "discard",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Throws away what the upper directory of a union changes at some paths and below, so that they are as in"
          + " the lower directories again. What will be lost is listed first, as unionfs diff lists it, and on a"
          + " terminal you are asked.",
      "",
      "Paths are in a mounted union, or in the one that --lower and --upper make, which must not be mounted."
          + " Each is given back in one step, whole or not at all. In a mounted union changes by others wait"
          + " meanwhile, and a file that is open stays as it is for who has it open. What something is mounted on or"
          + " below is refused, under any name of a changed file that has several, as far as it is mounted"
          + " where the command runs. A union of the jnr-fuse"
          + " transport has to be unmounted first: libfuse 2 cannot tell the kernel what has changed."
    },
    footer = {
      "",
      "Exit status: 0 done, or nothing to throw away; 1 failure, or not confirmed; 2 wrong usage.",
      "",
      "Example: unionfs discard --dry-run /mnt/etc",
      "Example: unionfs discard --yes --lower a:b --upper c etc/hosts"
    })
final class DiscardCommand implements Callable<Integer> {
  private static final int STDIN = 0;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only list what would be lost.")
  private boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask. Needed where there is no terminal to ask on.")
  private boolean yes;

  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final LayerOptions options = new LayerOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description =
          "In a mounted union, or relative to the one that the layers make, '.' for everything.")
  private List<String> paths = List.of();

  @Override
  public Integer call() throws IOException {
    Sys sys = Sys.linux();
    return options.given() ? ofLayers(sys) : ofMount(sys);
  }

  private int ofLayers(Sys sys) throws IOException {
    List<List<Name>> inside = new ArrayList<>();
    for (String path : paths) {
      inside.add(Paths.split(RawArguments.bytes(path)));
    }
    try (Discard discard = Discard.open(sys, options.sources(), inside)) {
      return discard(discard, discard::run);
    }
  }

  private int ofMount(Sys sys) throws IOException {
    List<List<Name>> inside = new ArrayList<>();
    MountedUnion union = null;
    for (String path : paths) {
      if (path.isEmpty()) {
        throw new IllegalArgumentException("an empty path; the current directory is '.'");
      }
      UnionPath found = UnionPath.of(sys, path);
      if (union != null && union.mount().id() != found.union().mount().id()) {
        throw new IOException(
            RawArguments.show(path)
                + ": not in the union at "
                + union.mount().mountPoint()
                + "; one union at a time");
      }
      union = found.union();
      inside.add(found.names());
    }
    if (union == null) {
      throw new IOException("no path given");
    }
    MountedUnion mounted = union;
    LiveLayers live = LiveLayers.of(sys, mounted);
    if (!dryRun && live.transport().equals(Transport.JNR_FUSE.key())) {
      throw new IOException(
          mounted.mount().mountPoint()
              + ": changes cannot be thrown away while this union is mounted: libfuse 2 cannot tell"
              + " the kernel that names and files have changed; unmount it and name its layers with"
              + " --lower and --upper, or mount it with --transport=kernel");
    }
    try (Discard discard = Discard.ofMounted(sys, live.sources(), inside)) {
      refuseMounts(sys, mounted.mount(), discard);
      return discard(discard, () -> ask(sys, mounted.mount(), inside));
    }
  }

  /* The kernel unmounts what is mounted on or below a name that it is told to forget, and tells nobody. */
  private static void refuseMounts(Sys sys, MountInfo union, Discard discard) throws IOException {
    for (Map.Entry<Name, List<Name>> each : UnionPath.mountsIn(sys, union).entrySet()) {
      if (discard.takes(each.getValue())) {
        throw new IOException(
            each.getKey()
                + ": something is mounted there, on or below what would be thrown away or another"
                + " name of it; unmount it first");
      }
    }
  }

  private static void ask(Sys sys, MountInfo mount, List<List<Name>> inside) throws IOException {
    String where = mount.mountPoint() + ": ";
    try {
      List<Name> names = inside.stream().map(Paths::join).toList();
      if (!ControlClient.discard(sys, mount.id(), MountedUnion.owner(mount), names)) {
        throw new IOException(where + "its server is gone");
      }
    } catch (ErrnoException e) {
      throw new IOException(
          where
              + (e.errno() == Errno.EMSGSIZE
                  ? "too many paths for one request"
                  : "its server does not answer: " + Errno.message(e.errno())),
          e);
    }
  }

  private interface Doing {
    void run() throws IOException;
  }

  private int discard(Discard discard, Doing doing) throws IOException {
    DiffPrinter printer = list(discard);
    if (printer.problems() > 0) {
      return Main.FAILED;
    }
    if (dryRun || printer.changes() == 0) {
      return 0;
    }
    if (!yes && !confirmed()) {
      return Main.FAILED;
    }
    doing.run();
    return 0;
  }

  /* Tells what will be lost, if all of it can be thrown away. */
  private DiffPrinter list(Discard discard) throws IOException {
    try (Output out = output.open();
        Progress progress = new Progress("comparing", Progress.UNKNOWN)) {
      DiffPrinter.Style style = output.json() ? DiffPrinter.Style.JSON : DiffPrinter.Style.LINES;
      DiffPrinter printer = new DiffPrinter(out, style, false, progress);
      discard.list(printer);
      discard.check();
      if (printer.changes() == 0 && printer.problems() == 0 && !output.json()) {
        out.print("nothing is changed there").println();
      }
      return printer;
    }
  }

  private boolean confirmed() throws IOException {
    if (!OwnProcess.isTerminal(STDIN)) {
      throw new IOException("nothing was thrown away; say --yes where nobody can be asked");
    }
    System.err.print("Throw this away? [y/N] ");
    System.err.flush();
    byte[] answer = new byte[16];
    int length = System.in.read(answer);
    String said = length <= 0 ? "" : new String(answer, 0, length, StandardCharsets.UTF_8).strip();
    return said.equalsIgnoreCase("y") || said.equalsIgnoreCase("yes");
  }
}
