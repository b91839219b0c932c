package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/*
 * Built by hand, unlike those of the other commands: to read a model from annotations takes a third of the time of
 * a start, and every container waits for it.
 */
/** The command line of {@code unionfs-mount}. */
final class MountLine {
  private final CommandSpec spec;

  /* Those that are also words of -o, under the name that MountWords knows. */
  private final List<OptionSpec> words = new ArrayList<>();

  private MountLine() {
    spec =
        CommandSpec.wrapWithoutInspection((Callable<Integer>) () -> new MountCommand(this).run());
    spec.name("unionfs-mount").versionProvider(new Version());
    spec.usageMessage()
        .sortOptions(false)
        .header("Mounts a union of directories.")
        .description(
            "",
            "Shows read-only lower directories under one writable upper directory as one tree."
                + " Without --upper the union is read-only. Returns when the mount is usable;"
                + " unmount with umount(8), fusermount3 -u, or unionfs umount.",
            "")
        .footer(
            "",
            "Every -o KEY[=VALUE] also exists as --KEY[=VALUE], with '-' for '_'.",
            "",
            "Exit status: 0 mounted and usable (with -f: unmounted), 1 failure, 2 wrong usage.",
            "",
            "Example: unionfs-mount --lower a:b --upper c /mnt/x");
    addOptions();
    spec.addOption(
        option("Show this help message and exit.", "-h", "--help")
            .type(boolean.class)
            .usageHelp(true)
            .build());
    spec.addOption(
        option("Print version information and exit.", "-V", "--version")
            .type(boolean.class)
            .versionHelp(true)
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..2")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("[SOURCE] MOUNTPOINT")
            .hideParamSyntax(true)
            .description(
                "Where to mount. Of two, the first is shown as source, as mount(8) calls. /dev/fd/N: serve the"
                    + " mount that was made with that descriptor of /dev/fuse.")
            .build());
  }

  /** The command, which mounts what its line says. */
  static CommandLine command() {
    return new CommandLine(new MountLine().spec);
  }

  private void addOptions() {
    list("DIR[:DIR...]", LayerNames.LOWER_TEXT, "-l", "--lower", "--lowerdir");
    value(
        "oci:DIR:TAG",
        "The layers of an image as lower directories, in this place among those of"
            + " --lower; unpacked into the store where they are not there yet. See"
            + " unionfs-apply.",
        "--image");
    value(
        "DIR",
        "Where unpacked layers are kept and shared between images. Default:"
            + " /var/lib/unionfs/layers, for other users than root"
            + " ~/.local/share/unionfs/layers.",
        "--store");
    list("DIR", LayerNames.UPPER_TEXT, "-u", "--upper", "--upperdir");
    list("DIR", LayerNames.WORK_TEXT, "-w", "--work", "--workdir");
    list(
        "KEY[=VALUE],...",
        "Mount options: lowerdir=, upperdir=, workdir=, ro, allow_other,"
            + " default_permissions (always on), noatime, nosuid, nodev, noexec, fsname=, and"
            + " those below by their long names. Unknown ones are ignored with a warning.",
        "-o");
    flagWord("Read-only, although there is an upper.", "--ro");
    flagWord(
        "Let other users in. Default for root; others need user_allow_other.", "--allow-other");
    flagWord("The kernel checks permissions. Always on.", "--default-permissions");
    flagWord("As the mount option of that name.", "--noatime");
    flagWord("As the mount option of that name.", "--nosuid");
    flagWord("As the mount option of that name.", "--nodev");
    flagWord("As the mount option of that name.", "--noexec");
    word("NAME", "The source shown in mount tables. Default: unionfs, or SOURCE.", "--fsname");
    flagWord(
        "Sync nothing before the unmount: faster, and lost if the machine fails. Also:"
            + " fsync=0.",
        "--volatile");
    attachedWord(
        "MODE",
        List.of("on", "off", "follow", "nofollow"),
        "on: directories with lower content can be renamed (else EXDEV). off (default):"
            + " only marks of root are followed. follow: all. nofollow: none. Without a value:"
            + " on.",
        "--redirect-dir");
    word(
        "FORMAT",
        List.of("device", "xattr", "aufs"),
        "How deletions are written: device (default where the host allows it), xattr, or"
            + " aufs (.wh. names, which then are marks in all layers).",
        "--whiteout");
    flagWord("No POSIX ACLs.", "--noacl");
    flagWord("No extended attributes.", "--noxattrs");
    word(
        "N",
        List.of("1", "2"),
        "Keep owners and modes in xattrs of the upper: 1 security.*, 2 user.* (needs no"
            + " rights).",
        "--xattr-permissions");
    word(
        "STORED:SHOWN:COUNT[:...]",
        "How user ids on disk are shown: COUNT from STORED on as those from SHOWN on."
            + " Others are shown as 65534.",
        "--uidmapping");
    word("STORED:SHOWN:COUNT[:...]", "The same for group ids.", "--gidmapping");
    flagWord("Everything is shown as root's, whoever owns it on disk.", "--squash-to-root");
    word("UID", "Everything is shown as this user's.", "--squash-to-uid");
    word("GID", "Everything is shown with this group.", "--squash-to-gid");
    flagWord("Directories show a link count of 1, which need not be counted.", "--static-nlink");
    word(
        "SECONDS",
        "How long the kernel may keep names and attributes; 0 for layers that others change.",
        "--timeout");
    word("N", "The most requests served at one time.", "--threads");
    value(
        "NAME",
        List.of("auto", "kernel", "jnr-fuse"),
        "auto (default): kernel where it works, else jnr-fuse; kernel: FUSE spoken by"
            + " ourselves; jnr-fuse: through libfuse 2.",
        "--transport");
    word(
        "PROFILE",
        List.of("cached", "passthrough"),
        "cached (default): data goes through the kernel's page cache; passthrough:"
            + " straight to the host's file system where it can (root, Linux 6.9).",
        "--io");
    flagWord("The kernel hands on written data at once, and errors with it.", "--no-writeback");
    flag("Stay in the foreground; Ctrl-C unmounts.", "-f", "--foreground");
    flag("Stay in the foreground and log every request.", "-d", "--debug");
    word(
        "TARGET",
        List.of("journal"),
        "journal: the journal of systemd, with the mount point as UNIONFS_MOUNT. Default:"
            + " stderr, in the background nowhere.",
        "--log");
    word(
        "LEVEL",
        List.of("error", "warn", "info", "debug", "trace"),
        "error, warn (default), info, debug, or trace.",
        "--log-level");
    word("FILE", "Append the log to a file.", "--log-file");
  }

  private static OptionSpec.Builder option(String description, String... names) {
    return OptionSpec.builder(names).description(description);
  }

  private OptionSpec add(OptionSpec option) {
    spec.addOption(option);
    return option;
  }

  private OptionSpec flag(String description, String... names) {
    return add(option(description, names).type(boolean.class).build());
  }

  private OptionSpec value(String label, String description, String... names) {
    return value(label, List.of(), description, names);
  }

  /* The values are what the shell offers. */
  private OptionSpec value(String label, List<String> values, String description, String... names) {
    return add(
        option(description, names)
            .type(String.class)
            .paramLabel(label)
            .completionCandidates(values)
            .build());
  }

  private void list(String label, String description, String... names) {
    add(
        option(description, names)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel(label)
            .build());
  }

  private void flagWord(String description, String name) {
    words.add(flag(description, name));
  }

  private void word(String label, String description, String name) {
    word(label, List.of(), description, name);
  }

  private void word(String label, List<String> values, String description, String name) {
    words.add(value(label, values, description, name));
  }

  private void attachedWord(String label, List<String> values, String description, String name) {
    words.add(
        add(
            option(description, name)
                .type(String.class)
                .paramLabel(label)
                .completionCandidates(values)
                .arity("0..1")
                .preprocessor(new AttachedValue())
                .build()));
  }

  /** Whether a flag is given. */
  boolean isGiven(String name) {
    return Boolean.TRUE.equals(spec.findOption(name).getValue());
  }

  /** An option's value; null if it is not given. */
  @Nullable String value(String name) {
    return spec.findOption(name).getValue();
  }

  /** The values of an option that may be repeated, in order. */
  List<String> values(String name) {
    return orNone(spec.findOption(name).getValue());
  }

  /** What stands behind the options: the mount point, the last, and perhaps a source. */
  List<String> positionals() {
    return orNone(spec.positionalParameters().get(0).getValue());
  }

  private static List<String> orNone(@Nullable List<String> values) {
    return values == null ? List.of() : values;
  }

  /** The options that are given and exist as words of {@code -o} as well, as these. */
  List<Word> words() {
    List<Word> given = new ArrayList<>();
    for (OptionSpec option : words) {
      Object value = option.getValue();
      if (value != null && !value.equals(false)) {
        given.add(
            new Word(
                option.longestName().substring(2).replace('-', '_'),
                value instanceof String text ? text : null));
      }
    }
    return given;
  }

  /** Tells the user something although the mount goes on. */
  void warn(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(spec.qualifiedName() + ": warning: " + message);
    err.flush();
  }
}
