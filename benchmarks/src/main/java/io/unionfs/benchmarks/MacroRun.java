package io.unionfs.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/*
 * Each round mounts each implementation once, in turn, so that a machine that gets slower in between
 * slows all of them; the figure is the median over the rounds. Every implementation must show the same
 * tree, by a checksum of names and contents.
 */
/** Whole workloads on real mounts, beside the peers that are installed. */
public final class MacroRun {
  private static final int LAYERS = 10;
  private static final Map<String, String> WORKLOADS = workloads();

  private final PrintStream out = System.out;
  private final PrintStream progress = System.err;
  private final Map<Peer, Map<String, List<Double>>> seconds = new EnumMap<>(Peer.class);
  private final Map<Peer, String> checksums = new EnumMap<>(Peer.class);
  private final Path home;
  private final Path tool;
  private final int files;
  private final int rounds;

  private MacroRun(Path home, Path tool, int files, int rounds) {
    this.home = home;
    this.tool = tool;
    this.files = files;
    this.rounds = rounds;
  }

  /* Those with "first" run on a fresh mount with empty caches, the others right after them. */
  private static Map<String, String> workloads() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("find -ls, first", "find . -ls > /dev/null");
    all.put("find -ls, hot", "find . -ls > /dev/null");
    all.put("tar, first", "tar cf - . | cat > /dev/null");
    all.put("tar, hot", "tar cf - . | cat > /dev/null");
    return all;
  }

  /**
   * Runs.
   *
   * @param arguments a directory for trees, the mount command, the number of files, the number of
   *     rounds, and a file for the result as JSON
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    MacroRun run =
        new MacroRun(
            Path.of(arguments[0]),
            Path.of(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]));
    run.makeTree();
    List<Peer> peers = run.peers();
    for (int round = 1; round <= run.rounds; round++) {
      for (Peer peer : peers) {
        run.progress.printf("round %d of %d: %s%n", round, run.rounds, peer.key());
        run.measure(peer);
      }
    }
    run.requireSameTrees(peers);
    run.print(peers);
    Files.writeString(Path.of(arguments[4]), run.json(peers));
  }

  private List<Peer> peers() throws IOException {
    List<Peer> installed = new ArrayList<>();
    for (Peer peer : Peer.values()) {
      if (peer.isInstalled()) {
        installed.add(peer);
      } else {
        out.println(peer.key() + " is not installed and left out");
      }
    }
    return installed;
  }

  private void makeTree() throws IOException {
    progress.printf("making %d files in %d layers%n", files, LAYERS);
    byte[] content = new byte[3000];
    Arrays.fill(content, (byte) 'x');
    for (int i = 0; i < files; i++) {
      Path directory =
          home.resolve("lower" + i % LAYERS).resolve("d" + i / 10 % 100).resolve("e" + i / 1000);
      Files.createDirectories(directory);
      Files.write(directory.resolve("file" + i), content);
    }
    Files.createDirectories(home.resolve("mnt"));
  }

  private void measure(Peer peer) throws IOException, InterruptedException {
    shell(
        "rm -rf '"
            + home
            + "/upper' '"
            + home
            + "/work'; mkdir '"
            + home
            + "/upper' '"
            + home
            + "/work'");
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      lowers.add(home.resolve("lower" + i));
    }
    Peer.Layout layout =
        new Peer.Layout(
            lowers, home.resolve("upper"), home.resolve("work"), home.resolve("mnt"), tool);
    record(
        peer, "mount", timed(peer.mount(layout) + " && stat '" + layout.point() + "' > /dev/null"));
    try {
      for (Map.Entry<String, String> workload : WORKLOADS.entrySet()) {
        if (workload.getKey().endsWith("first")) {
          unmount(layout);
          shell("sync; echo 3 > /proc/sys/vm/drop_caches");
          shell(peer.mount(layout));
        }
        record(
            peer,
            workload.getKey(),
            timed("cd '" + layout.point() + "' && " + workload.getValue()));
      }
      checksums.computeIfAbsent(peer, p -> checksum(layout.point()));
    } finally {
      unmount(layout);
    }
  }

  private String checksum(Path point) {
    try {
      return output(
          "cd '"
              + point
              + "' && find . -printf '%P %y %m %s\\n' | LC_ALL=C sort | sha256sum;"
              + " find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void unmount(Peer.Layout layout) throws IOException, InterruptedException {
    shell("umount '" + layout.point() + "'");
  }

  private void record(Peer peer, String workload, double value) {
    seconds
        .computeIfAbsent(peer, p -> new LinkedHashMap<>())
        .computeIfAbsent(workload, w -> new ArrayList<>())
        .add(value);
  }

  private static double timed(String script) throws IOException, InterruptedException {
    long start = System.nanoTime();
    shell(script);
    return (System.nanoTime() - start) / 1e9;
  }

  private static void shell(String script) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", script)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("failed: " + script);
    }
  }

  private static String output(String script) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("sh", "-c", script).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("failed: " + script);
    }
    return text;
  }

  private void requireSameTrees(List<Peer> peers) {
    String expected = checksums.get(Peer.UNIONFS);
    for (Peer peer : peers) {
      if (!String.valueOf(checksums.get(peer)).equals(expected)) {
        throw new IllegalStateException(peer.key() + " shows another tree");
      }
    }
  }

  private double median(Peer peer, String workload) {
    List<Double> sorted = new ArrayList<>(values(peer, workload));
    sorted.sort(null);
    return sorted.get(sorted.size() / 2);
  }

  private List<Double> values(Peer peer, String workload) {
    return seconds.getOrDefault(peer, Map.of()).getOrDefault(workload, List.of());
  }

  private List<String> rows() {
    return List.copyOf(seconds.getOrDefault(Peer.UNIONFS, Map.of()).keySet());
  }

  private void print(List<Peer> peers) {
    out.printf(
        "%n%d files in %d layers, median of %d rounds [min-max], seconds%n", files, LAYERS, rounds);
    for (String row : rows()) {
      out.printf("%n%s%n", row);
      for (Peer peer : peers) {
        List<Double> all = values(peer, row);
        out.printf(
            Locale.ROOT,
            "  %-16s %8.3f  [%.3f-%.3f]%s%n",
            peer.key(),
            median(peer, row),
            all.stream().mapToDouble(Double::doubleValue).min().orElse(0),
            all.stream().mapToDouble(Double::doubleValue).max().orElse(0),
            peer == Peer.UNIONFS ? ratios(peers, row) : "");
      }
    }
  }

  private String ratios(List<Peer> peers, String row) {
    StringBuilder text = new StringBuilder();
    for (Peer peer : peers) {
      if (peer != Peer.UNIONFS) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %.2f of %s",
                median(Peer.UNIONFS, row) / median(peer, row),
                peer.key()));
      }
    }
    return text.toString();
  }

  private String json(List<Peer> peers) throws IOException {
    StringBuilder text = new StringBuilder("{\n");
    text.append("  \"kernel\": \"")
        .append(Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim())
        .append("\",\n  \"java\": \"")
        .append(Runtime.version())
        .append("\",\n  \"processors\": ")
        .append(Runtime.getRuntime().availableProcessors())
        .append(",\n  \"files\": ")
        .append(files)
        .append(",\n  \"layers\": ")
        .append(LAYERS)
        .append(",\n  \"seconds\": {");
    String peerSeparator = "\n";
    for (Peer peer : peers) {
      text.append(peerSeparator).append("    \"").append(peer.key()).append("\": {");
      String separator = "";
      for (String row : rows()) {
        text.append(separator).append("\"").append(row).append("\": ").append(values(peer, row));
        separator = ", ";
      }
      text.append("}");
      peerSeparator = ",\n";
    }
    return text.append("\n  }\n}\n").toString();
  }
}
