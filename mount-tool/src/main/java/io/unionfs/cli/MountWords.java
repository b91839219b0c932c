package io.unionfs.cli;

import io.unionfs.UnionMount;
import io.unionfs.cli.OptionWords.Word;
import io.unionfs.core.RedirectDir;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.mount.MountFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everything that options in any spelling say about a mount, put together and applied. */
final class MountWords {
  /* Words of mount(8) that the kernel handles and that change what the mount allows. */
  private static final Set<String> KERNEL_FLAGS =
      Set.of("nosuid", "nodev", "noexec", "noatime", "nodiratime", "sync", "dirsync");

  /* Words that are the default, or of no meaning to a FUSE mount. */
  private static final Set<String> IGNORED =
      Set.of(
          "rw",
          "suid",
          "dev",
          "exec",
          "atime",
          "diratime",
          "async",
          "relatime",
          "norelatime",
          "strictatime",
          "nostrictatime",
          "lazytime",
          "nolazytime",
          "auto",
          "noauto",
          "user",
          "nouser",
          "users",
          "owner",
          "group",
          "nofail",
          "_netdev",
          "uhelper",
          "defaults",
          "default_permissions",
          "user_id",
          "group_id",
          "rootcontext",
          "fscontext",
          "defcontext",
          "context");

  /* Words of other union file systems that this version takes note of and does not act on. */
  private static final Set<String> LATER =
      Set.of(
          "threaded",
          "fast_ino",
          "xino",
          "ino32_t",
          "plugins",
          "metacopy",
          "index",
          "nfs_export",
          "userxattr");

  private final List<String> lowers = new ArrayList<>();
  private final List<String> kernelFlags = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private @Nullable String upper;
  private @Nullable String work;
  private @Nullable String fsname;
  private @Nullable Boolean allowOther;
  private @Nullable Double timeout;
  private @Nullable Integer threads;
  private @Nullable WhiteoutFormat whiteouts;
  private boolean dotNames;
  private RedirectDir redirectDir = RedirectDir.OFF;
  private int xattrPermissions;
  private boolean staticNlink;
  private final OwnerWords owners = new OwnerWords();
  private final LogWords log = new LogWords();
  private IoProfile io = IoProfile.CACHED;
  private boolean writeback = true;
  private boolean readOnly;
  private boolean remount;
  private final List<String> keys = new ArrayList<>();
  private boolean isVolatile;
  private boolean noAcl;
  private boolean noXattrs;

  /** What the user should know although the mount goes on, in order. */
  List<String> warnings() {
    return warnings;
  }

  /** Whether a union that is mounted is to get other flags, and nothing is to be mounted. */
  boolean isRemount() {
    return remount;
  }

  /** The flags of the kernel's mount that they ask for. */
  List<String> kernelFlags() {
    return kernelFlags;
  }

  /** The words, without their values, in order. */
  List<String> keys() {
    return keys;
  }

  /** What they say of the log. */
  LogWords log() {
    return log;
  }

  /** Adds lower directories below those given before. */
  void lowers(String list) {
    for (String directory : OptionWords.directories(list)) {
      if (directory.isEmpty()) {
        throw new IllegalArgumentException(
            "--lower " + RawArguments.show(list) + " has an empty directory name");
      }
      lowers.add(directory);
    }
  }

  void upper(String directory) {
    upper = once("upper directory", upper, directory);
  }

  void work(String directory) {
    work = once("work directory", work, directory);
  }

  private static String once(String what, @Nullable String before, String value) {
    if (before != null && !before.equals(value)) {
      throw new IllegalArgumentException(
          "two "
              + what.replace("directory", "directories")
              + " given: "
              + RawArguments.show(before)
              + " and "
              + RawArguments.show(value));
    }
    if (value.isEmpty()) {
      throw new IllegalArgumentException("the " + what + " is empty");
    }
    return value;
  }

  void fsname(String name) {
    fsname = name;
  }

  /** Takes one word of an option string, or one option of the same name. */
  void word(Word word) {
    String key = word.key();
    keys.add(key);
    switch (key) {
      case "lowerdir" -> lowers(required(word));
      case "upperdir" -> upper(required(word));
      case "workdir" -> work(required(word));
      case "fsname" -> fsname(required(word));
      case "remount" -> remount = true;
      case "ro" -> readOnly = true;
      case "rw" -> readOnly = false;
      case "allow_other" -> allowOther = true;
      case "allow_root" -> warnings.add("allow_root is not supported; use allow_other");
      case "volatile" -> isVolatile = true;
      case "fsync" -> isVolatile = required(word).equals("0");
      case "whiteout" -> whiteout(required(word));
      case "redirect_dir" ->
          redirectDir = word.value() == null ? RedirectDir.ON : RedirectDir.parse(required(word));
      case "noacl" -> noAcl = true;
      case "noxattrs" -> noXattrs = word.value() == null || !word.value().equals("0");
      case "xattr_permissions" -> xattrPermissions = permissions(word);
      case "static_nlink" -> staticNlink = true;
      case "timeout" -> timeout = number(word);
      case "io" -> io = IoProfile.parse(required(word));
      case "writeback" -> writeback = !"0".equals(word.value());
      case "no_writeback" -> writeback = false;
      case "threads" -> threads = (int) number(word);
      default -> {
        if (!owners.take(word) && !log.take(word)) {
          other(word);
        }
      }
    }
  }

  private void whiteout(String format) {
    whiteouts = format.equals("auto") ? null : WhiteoutFormat.parse(format);
  }

  /** Notes that a container engine calls, whose layers come from images. */
  void calledByEngine() {
    dotNames = true;
  }

  /** Whether a word among them names lower directories. */
  static boolean namesLowers(List<Word> words) {
    return words.stream().anyMatch(word -> word.key().equals("lowerdir"));
  }

  private void other(Word word) {
    String key = word.key();
    if (KERNEL_FLAGS.contains(key)) {
      if (!kernelFlags.contains(key)) {
        kernelFlags.add(key);
      }
      return;
    }
    // exec takes noexec back
    kernelFlags.removeIf(given -> MountFlags.with(MountFlags.with(0, given), key) == 0);
    if (LATER.contains(key)) {
      warnings.add("option " + RawArguments.show(key) + " has no effect in this version");
    } else if (!IGNORED.contains(key) && !key.startsWith("x-") && !key.startsWith("comment")) {
      warnings.add("unknown option " + RawArguments.show(key) + " is ignored");
    }
  }

  static String required(Word word) {
    String value = word.value();
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException("option " + word.key() + " needs a value");
    }
    return value;
  }

  private static int permissions(Word word) {
    return switch (required(word)) {
      case "0" -> 0;
      case "1" -> 1;
      case "2" -> 2;
      default ->
          throw new IllegalArgumentException(
              "option " + RawArguments.show(word.toString()) + ": the value must be 1 or 2");
    };
  }

  private static double number(Word word) {
    try {
      double value = Double.parseDouble(required(word));
      if (value >= 0 && value <= Integer.MAX_VALUE) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw notANumber(word);
    }
    throw notANumber(word);
  }

  private static IllegalArgumentException notANumber(Word word) {
    return new IllegalArgumentException(
        "option "
            + RawArguments.show(word.toString())
            + ": the value must be a number that is not negative");
  }

  /**
   * The layers, for commands that open them without a mount.
   *
   * @throws IllegalArgumentException with a sentence for the user if something is missing
   */
  LayerSources layers() {
    checkLayers();
    MarkRules rules =
        new MarkRules(
            redirectDir.follow(), whiteouts, dotNames || whiteouts == WhiteoutFormat.AUFS);
    return new LayerSources(
        lowers.stream().map(MountWords::source).toList(),
        sourceOrNull(upper),
        sourceOrNull(work),
        rules,
        xattrPermissions != 0);
  }

  private static @Nullable LayerSource sourceOrNull(@Nullable String path) {
    return path == null ? null : source(path);
  }

  private static LayerSource source(String path) {
    return LayerSource.of(RawArguments.bytes(path));
  }

  private void checkLayers() {
    if (lowers.isEmpty()) {
      throw new IllegalArgumentException("no lower directory given; use --lower DIR[:DIR...]");
    }
    if (work != null && upper == null) {
      throw new IllegalArgumentException("a work directory needs an upper directory as well");
    }
  }

  /** Checks what belongs together and hands it on. */
  void applyTo(UnionMount.Builder builder) {
    checkLayers();
    lowers.forEach(directory -> builder.lower(RawArguments.bytes(directory)));
    String upperPath = upper;
    String workPath = work;
    if (upperPath != null) {
      builder.upper(RawArguments.bytes(upperPath));
    }
    if (workPath != null) {
      builder.work(RawArguments.bytes(workPath));
    }
    builder.readOnly(readOnly);
    builder.io(io);
    builder.writeback(writeback);
    builder.isVolatile(isVolatile);
    builder.redirectDir(redirectDir);
    builder.whiteouts(whiteouts);
    builder.dotNames(dotNames);
    builder.acl(!noAcl);
    builder.xattrs(!noXattrs);
    builder.xattrPermissions(xattrPermissions);
    builder.owners(owners.owners());
    builder.staticNlink(staticNlink);
    kernelFlags.forEach(builder::kernelFlag);
    String name = fsname;
    if (name != null) {
      builder.fsname(RawArguments.bytes(name));
    }
    if (allowOther != null) {
      builder.allowOther(allowOther);
    }
    if (timeout != null) {
      builder.timeoutSeconds(timeout);
    }
    if (threads != null) {
      builder.threads(threads);
    }
  }
}
