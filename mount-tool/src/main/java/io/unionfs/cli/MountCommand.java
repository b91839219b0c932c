package io.unionfs.cli;

import io.unionfs.UnionMount;
import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import io.unionfs.transport.Transport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code unionfs-mount}: mounts a union and serves it. */
@Command(
    name = "unionfs-mount",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    header = "Mounts a union of directories.",
    description = {
      "",
      "Shows read-only lower directories under one writable upper directory as one tree."
          + " Without --upper the union is read-only. Returns when the mount is usable;"
          + " unmount with umount(8), fusermount3 -u, or unionfs umount.",
      ""
    },
    footer = {
      "",
      "Every -o KEY[=VALUE] also exists as --KEY[=VALUE], with '-' for '_'.",
      "",
      "Exit status: 0 mounted and usable (with -f: unmounted), 1 failure, 2 wrong usage.",
      "",
      "Example: unionfs-mount --lower a:b --upper c /mnt/x"
    })
final class MountCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Mixin private final LayerNames layers = new LayerNames();

  @Option(
      names = "--image",
      paramLabel = "oci:DIR:TAG",
      description = {
        "The layers of an image as lower directories, in this place among those of --lower; unpacked"
            + " into the store where they are not there yet. See unionfs-apply."
      })
  private @Nullable String image;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = {
        "Where unpacked layers are kept and shared between images. Default: /var/lib/unionfs/layers, for"
            + " other users than root ~/.local/share/unionfs/layers."
      })
  private @Nullable String store;

  @Option(
      names = "-o",
      paramLabel = "KEY[=VALUE],...",
      description =
          "Mount options: lowerdir=, upperdir=, workdir=, ro, allow_other, default_permissions (always"
              + " on), noatime, nosuid, nodev, noexec, fsname=, and those below by their long names."
              + " Unknown ones are ignored with a warning.")
  private List<String> words = List.of();

  @Option(names = "--ro", description = "Read-only, although there is an upper.")
  private boolean readOnly;

  @Option(
      names = "--allow-other",
      description = "Let other users in. Default for root; others need user_allow_other.")
  private boolean allowOther;

  @Option(
      names = "--default-permissions",
      description = "The kernel checks permissions. Always on.")
  private boolean defaultPermissions;

  @Option(names = "--noatime", description = "As the mount option of that name.")
  private boolean noatime;

  @Option(names = "--nosuid", description = "As the mount option of that name.")
  private boolean nosuid;

  @Option(names = "--nodev", description = "As the mount option of that name.")
  private boolean nodev;

  @Option(names = "--noexec", description = "As the mount option of that name.")
  private boolean noexec;

  @Option(
      names = "--fsname",
      paramLabel = "NAME",
      description = "The source shown in mount tables. Default: unionfs, or SOURCE.")
  private @Nullable String fsname;

  @Option(
      names = "--volatile",
      description =
          "Sync nothing before the unmount: faster, and lost if the machine fails. Also: fsync=0.")
  private boolean isVolatile;

  @Option(
      names = "--redirect-dir",
      arity = "0..1",
      paramLabel = "MODE",
      preprocessor = AttachedValue.class,
      description = {
        "on: directories with lower content can be renamed (else EXDEV). off (default): only marks of"
            + " root are followed. follow: all. nofollow: none. Without a value: on."
      })
  private @Nullable String redirectDir;

  @Option(
      names = "--whiteout",
      paramLabel = "FORMAT",
      description =
          "How deletions are written: device (default where the host allows it), xattr, or aufs (.wh."
              + " names, which then are marks in all layers).")
  private @Nullable String whiteout;

  @Option(names = "--noacl", description = "No POSIX ACLs.")
  private boolean noAcl;

  @Option(names = "--noxattrs", description = "No extended attributes.")
  private boolean noXattrs;

  @Option(
      names = "--xattr-permissions",
      paramLabel = "N",
      description =
          "Keep owners and modes in xattrs of the upper: 1 security.*, 2 user.* (needs no rights).")
  private @Nullable String xattrPermissions;

  @Option(
      names = "--uidmapping",
      paramLabel = "STORED:SHOWN:COUNT[:...]",
      description =
          "How user ids on disk are shown: COUNT from STORED on as those from SHOWN on. Others are shown"
              + " as 65534.")
  private @Nullable String uidMapping;

  @Option(
      names = "--gidmapping",
      paramLabel = "STORED:SHOWN:COUNT[:...]",
      description = "The same for group ids.")
  private @Nullable String gidMapping;

  @Option(
      names = "--squash-to-root",
      description = "Everything is shown as root's, whoever owns it on disk.")
  private boolean squashToRoot;

  @Option(
      names = "--squash-to-uid",
      paramLabel = "UID",
      description = "Everything is shown as this user's.")
  private @Nullable String squashToUid;

  @Option(
      names = "--squash-to-gid",
      paramLabel = "GID",
      description = "Everything is shown with this group.")
  private @Nullable String squashToGid;

  @Option(
      names = "--static-nlink",
      description = "Directories show a link count of 1, which need not be counted.")
  private boolean staticNlink;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description =
          "How long the kernel may keep names and attributes; 0 for layers that others change.")
  private @Nullable String timeout;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "The most requests served at one time.")
  private @Nullable String threads;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      description =
          "auto (default): kernel where it works, else jnr-fuse; kernel: FUSE spoken by ourselves;"
              + " jnr-fuse: through libfuse 2.")
  private String transport = "auto";

  @Option(
      names = "--io",
      paramLabel = "PROFILE",
      description =
          "cached (default): data goes through the kernel's page cache; passthrough: straight to the"
              + " host's file system where it can (root, Linux 6.9).")
  private @Nullable String io;

  @Option(
      names = "--no-writeback",
      description = "The kernel hands on written data at once, and errors with it.")
  private boolean noWriteback;

  @Option(
      names = {"-f", "--foreground"},
      description = "Stay in the foreground; Ctrl-C unmounts.")
  private boolean foreground;

  @Option(
      names = {"-d", "--debug"},
      description = "Stay in the foreground and log every request.")
  private boolean debug;

  @Option(
      names = "--log",
      paramLabel = "TARGET",
      description =
          "journal: the journal of systemd, with the mount point as UNIONFS_MOUNT. Default: stderr, in the"
              + " background nowhere.")
  private @Nullable String logTarget;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      description = "error, warn (default), info, debug, or trace.")
  private @Nullable String logLevel;

  @Option(names = "--log-file", paramLabel = "FILE", description = "Append the log to a file.")
  private @Nullable String logFile;

  @Parameters(
      arity = "1..2",
      paramLabel = "[SOURCE] MOUNTPOINT",
      hideParamSyntax = true,
      description =
          "Where to mount. Of two, the first is shown as source, as mount(8) calls. /dev/fd/N: serve the"
              + " mount that was made with that descriptor of /dev/fuse.")
  private List<String> positionals = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException, ErrnoException {
    if (image != null || store != null) {
      // the launcher puts --lower in their place, so that no server has to unpack
      throw new IllegalArgumentException("--store is for --image, and both for the launcher alone");
    }
    MountWords gathered = gather();
    String mountPoint = positionals.get(positionals.size() - 1);
    if (gathered.isRemount()) {
      new Remount(Sys.linux()).run(mountPoint, gathered.keys(), this::warn);
      return 0;
    }
    gathered.log().open(debug ? Level.TRACE : Level.WARN, mountPoint);
    UnionMount.Builder builder = UnionMount.builder().transport(Transport.parse(transport));
    gathered.applyTo(builder);
    for (String warning : gathered.warnings()) {
      warn(warning);
    }
    ServerProcess.prepare();
    UnionMount mount = builder.mount(RawArguments.bytes(mountPoint));
    if (StatusPipe.isPresent() && !foreground && !debug) {
      StatusPipe.detach();
      LogOutput.leaveTerminal();
      if (!StatusPipe.reportMounted(mountPoint)) {
        mount.close();
        return Main.FAILED;
      }
    }
    mount.awaitUnmounted();
    LogOutput.finish();
    return 0;
  }

  private MountWords gather() {
    MountWords gathered = new MountWords();
    if (positionals.size() == 2) {
      gathered.fsname(positionals.get(0));
    }
    layers.addTo(gathered);
    for (String list : words) {
      List<Word> read = OptionWords.words(list);
      read.forEach(gathered::word);
      if (positionals.size() == 1 && MountWords.namesLowers(read)) {
        gathered.calledByEngine();
      }
    }
    flag(gathered, "ro", readOnly);
    flag(gathered, "allow_other", allowOther);
    flag(gathered, "default_permissions", defaultPermissions);
    flag(gathered, "noatime", noatime);
    flag(gathered, "nosuid", nosuid);
    flag(gathered, "nodev", nodev);
    flag(gathered, "noexec", noexec);
    flag(gathered, "volatile", isVolatile);
    flag(gathered, "noacl", noAcl);
    flag(gathered, "noxattrs", noXattrs);
    value(gathered, "redirect_dir", redirectDir);
    value(gathered, "whiteout", whiteout);
    value(gathered, "fsname", fsname);
    value(gathered, "xattr_permissions", xattrPermissions);
    value(gathered, "uidmapping", uidMapping);
    value(gathered, "gidmapping", gidMapping);
    flag(gathered, "squash_to_root", squashToRoot);
    value(gathered, "squash_to_uid", squashToUid);
    value(gathered, "squash_to_gid", squashToGid);
    flag(gathered, "static_nlink", staticNlink);
    value(gathered, "timeout", timeout);
    value(gathered, "threads", threads);
    value(gathered, "io", io);
    flag(gathered, "no_writeback", noWriteback);
    value(gathered, "log", logTarget);
    value(gathered, "log_level", logLevel);
    value(gathered, "log_file", logFile);
    return gathered;
  }

  private static void flag(MountWords gathered, String key, boolean given) {
    if (given) {
      gathered.word(new Word(key, null));
    }
  }

  private static void value(MountWords gathered, String key, @Nullable String value) {
    if (value != null) {
      gathered.word(new Word(key, value));
    }
  }

  private void warn(String message) {
    CommandSpec known = spec;
    if (known != null) {
      PrintWriter err = known.commandLine().getErr();
      err.println(known.qualifiedName() + ": warning: " + message);
      err.flush();
    }
  }
}
