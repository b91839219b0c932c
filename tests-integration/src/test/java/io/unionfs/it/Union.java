package io.unionfs.it;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The union of one test: its layers, its mount, and what must hold of them afterwards. */
final class Union {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /* Also where a run is broken off, no mount and no server stays behind. */
  private static final Set<Union> LIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Union::destroyAll, "unions-end"));
  }

  private final Path home;
  private final Account account;
  private final Variant variant;
  private final List<String> lowers = new ArrayList<>(List.of("lower"));
  private final List<String> environment = new ArrayList<>();
  private final List<String> expectedLog = new ArrayList<>();
  private final List<String> limits = new ArrayList<>();
  private String writable = "";
  private final List<LoopDisk> disks = new ArrayList<>();
  private boolean mounted;
  private boolean everMounted;
  private boolean comparable = true;
  private @Nullable String lowersBefore;

  Union(Path home, Account account, Variant variant) throws IOException, InterruptedException {
    this.home = home;
    this.account = account;
    this.variant = variant;
    for (String name : List.of("lower", "upper", "work", "mnt")) {
      Files.createDirectory(home.resolve(name));
    }
    Command.of(Account.ROOT, "chmod", "755", home.toString()).output();
    give(home);
    LIVE.add(this);
  }

  private static void destroyAll() {
    for (Union union : LIVE) {
      try {
        union.destroy();
      } catch (IOException e) {
        System.err.println("left behind: " + union.home + ": " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void give(Path path) throws IOException, InterruptedException {
    if (account == Account.USER && Account.isRoot()) {
      Command.of(Account.ROOT, "chown", "-hR", account.uid() + ":" + account.gid(), path.toString())
          .output();
    }
  }

  Variant variant() {
    return variant;
  }

  Account account() {
    return account;
  }

  boolean isRoot() {
    return account == Account.ROOT;
  }

  Path home() {
    return home;
  }

  Path upper() {
    return home.resolve(writable + "upper");
  }

  Path lower() {
    return home.resolve("lower");
  }

  Path work() {
    return home.resolve(writable + "work");
  }

  /** The mount point, mounted or not. */
  Path point() {
    return home.resolve("mnt");
  }

  /**
   * Makes layers from a picture; see {@link Layers}. Those besides lower and upper are lowers
   * below.
   */
  Union layers(String picture) throws IOException, InterruptedException {
    Layers.make(home, account, picture);
    for (String line : picture.lines().toList()) {
      String layer = line.isBlank() ? "upper" : line.trim().split("\\s+", 2)[0];
      if (!layer.equals("upper") && !layer.equals("plain") && !lowers.contains(layer)) {
        lowers.add(layer);
      }
    }
    return this;
  }

  /** Takes a disk away when the union ends. */
  void closeAfterwards(LoopDisk disk) {
    disks.add(disk);
  }

  /** Starts the server with limits that options of prlimit(1) set. */
  void limit(String... options) {
    limits.add("prlimit");
    limits.addAll(List.of(options));
  }

  /** Has the upper and the work dir on a disk that is mounted below the union's home. */
  void writeTo(LoopDisk disk) throws IOException, InterruptedException {
    incomparable("overlayfs's work dir would have to be on the same disk");
    writable = home.relativize(disk.point()) + "/";
    for (Path path : List.of(upper(), work())) {
      Files.createDirectory(path);
      give(path);
    }
  }

  /** Takes directories that the test made itself for the lowers, topmost first. */
  void useLowers(String... names) throws IOException, InterruptedException {
    lowers.clear();
    lowers.addAll(List.of(names));
    lowersBefore = null;
    give(home);
  }

  /** Says that the server may log this, above info. */
  void expectLog(String part) {
    expectedLog.add(part);
  }

  /** Says that the kernel's overlayfs cannot be compared with afterwards, and why. */
  Union incomparable(String reason) {
    comparable = reason.isEmpty();
    return this;
  }

  String lowerOption() {
    return String.join(":", lowers.stream().map(name -> home.resolve(name).toString()).toList());
  }

  /** Sets a variable of the environment that the server is started with. */
  void environment(String name, String value) {
    environment.add(name + "=" + value);
  }

  private List<String> command(String... more) {
    List<String> line = new ArrayList<>(limits);
    line.add("env");
    line.addAll(environment);
    line.add(Tool.mount());
    line.addAll(variant.options());
    line.addAll(List.of("--log-file", log().toString(), "--log-level", "trace"));
    line.addAll(List.of("--lower", lowerOption()));
    line.addAll(List.of("--upper", upper().toString(), "--work", work().toString()));
    line.addAll(List.of(more));
    line.add(point().toString());
    return line;
  }

  /** The command that mounts as this union does, without layers and mount point. */
  List<String> bareCommand() {
    List<String> line = new ArrayList<>(List.of(Tool.mount()));
    line.addAll(variant.options());
    return line;
  }

  Path log() {
    return home.resolve("server.log");
  }

  /** Mounts, and gives the mount point. */
  Path mount(String... more) throws IOException, InterruptedException {
    if (lowersBefore == null) {
      lowersBefore = lowersNow();
    }
    Command.of(account, command(more).toArray(String[]::new)).run().expectSuccess();
    mounted = true;
    everMounted = true;
    return point();
  }

  /** Mounts as container engines do: layers in {@code -o}, and no source. */
  Path mountAsEngine() throws IOException, InterruptedException {
    if (lowersBefore == null) {
      lowersBefore = lowersNow();
    }
    List<String> line = new ArrayList<>(List.of(Tool.mount()));
    line.addAll(variant.options());
    line.addAll(List.of("--log-file", log().toString(), "--log-level", "trace", "-o"));
    line.add("lowerdir=" + lowerOption() + ",upperdir=" + upper() + ",workdir=" + work());
    line.add(point().toString());
    Command.of(account, line.toArray(String[]::new)).run().expectSuccess();
    mounted = true;
    everMounted = true;
    return point();
  }

  /** Unmounts, and waits until the server has let go. */
  void unmount() throws IOException, InterruptedException {
    if (isRoot()) {
      Command.of(account, "umount", point().toString()).run().expectSuccess();
    } else {
      Command.of(account, "fusermount3", "-u", point().toString()).run().expectSuccess();
    }
    await("the server ends", () -> !hasServer());
    mounted = false;
  }

  /** Unmounts and mounts again: what was only in memory is gone. */
  Path remount() throws IOException, InterruptedException {
    unmount();
    return mount();
  }

  /** Runs a script of bash in the mount, as the test's account, and gives its output. */
  String run(String script) throws IOException, InterruptedException {
    return Command.script(account, script).in(point()).output();
  }

  /**
   * Makes a system call through calls.py, which is {@code $CALLS} in scripts too; what it prints.
   */
  String call(String... words) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("python3", calls().toString()));
    line.addAll(List.of(words));
    return Command.of(account, line.toArray(String[]::new)).in(point()).output().strip();
  }

  /** The script of system calls, where every account can read it. */
  Path calls() throws IOException {
    Path script = home.resolve("calls.py");
    if (!Files.exists(script)) {
      try (InputStream source = Union.class.getResourceAsStream("/calls.py")) {
        if (source == null) {
          throw new IOException("calls.py is missing");
        }
        Files.copy(source, script);
      }
    }
    return script;
  }

  /** Has the kernel forget what it need not remember. */
  static void dropCaches() throws IOException, InterruptedException {
    Command.script(Account.ROOT, "sync; echo 3 > /proc/sys/vm/drop_caches").output();
  }

  /** Runs a script that may fail. */
  Command.Result attempt(String script) throws IOException, InterruptedException {
    return Command.script(account, script).in(point()).run();
  }

  /** Runs the same script in the mount and in a plain directory with the same files. */
  void sameAsPlain(String script) throws IOException, InterruptedException {
    Path plain = home.resolve("plain");
    if (!Files.exists(plain)) {
      Command.of(account, "cp", "-a", point().toString(), plain.toString()).output();
    }
    Command.Result expected = Command.script(account, script).in(plain).run();
    Command.Result actual = Command.script(account, script).in(point()).run();
    if (expected.status() != actual.status() || !expected.out().equals(actual.out())) {
      throw new AssertionError(
          "plain directory: "
              + expected.status()
              + "\n"
              + expected.out()
              + expected.err()
              + "\nunion: "
              + actual.status()
              + "\n"
              + actual.out()
              + actual.err());
    }
  }

  /** The process that serves the mount. */
  ProcessHandle server() {
    String point = point().toString();
    return ProcessHandle.allProcesses()
        .filter(process -> serves(process.pid(), point))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no server of " + point));
  }

  boolean hasServer() {
    String point = point().toString();
    return ProcessHandle.allProcesses().anyMatch(process -> serves(process.pid(), point));
  }

  private static boolean serves(long pid, String point) {
    try {
      String line =
          Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
      return line.contains("java") && line.endsWith("\0" + point + "\0");
    } catch (IOException e) {
      return false; // ended meanwhile
    }
  }

  /** Waits for a condition. */
  static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain: " + what);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  boolean isMounted() {
    try {
      return Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)
          .contains(" " + point() + " ");
    } catch (IOException e) {
      throw new AssertionError("no mountinfo", e);
    }
  }

  private String lowersNow() throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    for (String lower : lowers) {
      text.append(lower).append('\n').append(Tree.exact(home.resolve(lower)));
    }
    return text.toString();
  }

  /** Ends the mount and checks what must hold after every test. */
  void checkInvariants() throws IOException, InterruptedException {
    if (!everMounted) {
      return;
    }
    String shown = null;
    if (mounted && isMounted()) {
      shown = Tree.of(account, point());
      unmount();
    }
    if (hasServer()) {
      throw new AssertionError("the server of " + point() + " is still there");
    }
    requireUnchangedLowers();
    requireEmptyWork();
    requireQuietLog();
    if (shown != null && comparable) {
      compareWithOverlayfs(shown);
    }
  }

  void requireUnchangedLowers() throws IOException, InterruptedException {
    if (!lowersNow().equals(lowersBefore)) {
      throw new AssertionError("a lower changed:\n" + lowersBefore + "\nnow:\n" + lowersNow());
    }
  }

  private void requireEmptyWork() throws IOException, InterruptedException {
    String left =
        Command.script(Account.ROOT, "find '" + work() + "/work' -mindepth 1 2>/dev/null || true")
            .output();
    if (!left.isEmpty()) {
      throw new AssertionError("left in the work directory:\n" + left);
    }
  }

  private void requireQuietLog() throws IOException {
    if (!Files.exists(log())) {
      return;
    }
    List<String> loud =
        Files.readAllLines(log(), StandardCharsets.ISO_8859_1).stream()
            .filter(line -> line.contains(" WARN ") || line.contains(" ERROR "))
            .filter(line -> expectedLog.stream().noneMatch(line::contains))
            .toList();
    if (!loud.isEmpty()) {
      throw new AssertionError("unexpected in the log:\n" + String.join("\n", loud));
    }
  }

  /* The kernel's overlayfs is the judge of what the upper says. */
  private void compareWithOverlayfs(String shown) throws IOException, InterruptedException {
    if (!Account.isRoot()) {
      return;
    }
    String kernel;
    try (Overlay overlay = Overlay.mount(this)) {
      kernel = Tree.of(account, overlay.point());
    }
    if (!kernel.equals(shown)) {
      throw new AssertionError("overlayfs shows:\n" + kernel + "\nthe union showed:\n" + shown);
    }
  }

  /** Ends whatever is left, and removes the files. */
  void destroy() throws IOException, InterruptedException {
    for (String mount : List.of("mnt", Overlay.POINT)) {
      Path point = home.resolve(mount);
      Command.script(
              Account.ROOT,
              "while grep -q ' "
                  + point
                  + " ' /proc/self/mountinfo; do umount -l '"
                  + point
                  + "' || exit 1; done")
          .run()
          .expectSuccess();
    }
    ProcessHandle.allProcesses()
        .filter(process -> serves(process.pid(), point().toString()))
        .forEach(ProcessHandle::destroyForcibly);
    await("the server ends", () -> !hasServer());
    for (LoopDisk disk : disks) {
      disk.close();
    }
    Command.of(Account.ROOT, "rm", "-rf", "--one-file-system", home.toString())
        .run()
        .expectSuccess();
    LIVE.remove(this);
  }

  @Override
  public String toString() {
    return account.name().toLowerCase(java.util.Locale.ROOT) + ", " + variant;
  }
}
