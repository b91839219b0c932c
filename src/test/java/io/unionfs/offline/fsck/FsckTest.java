package io.unionfs.offline.fsck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.layer.MarkRules;
import io.unionfs.layer.Marks.Follow;
import io.unionfs.layer.Origin;
import io.unionfs.offline.LayerSource;
import io.unionfs.offline.LayerSources;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/* Marks are those of user.overlay., which every account may write. */
class FsckTest {
  private static final MarkRules FOLLOW_ALL = new MarkRules(Follow.ALL, null, false);
  private static final MarkRules DOT_NAMES = new MarkRules(Follow.ALL, null, true);

  private final Sys sys = Sys.linux();

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private Path upper = home;
  private Path lower = home;
  private Path work = home;

  @BeforeEach
  void make() throws IOException {
    upper = Files.createDirectory(home.resolve("upper"));
    lower = Files.createDirectory(home.resolve("lower"));
    work = Files.createDirectory(home.resolve("work"));
    Files.createDirectory(work.resolve("work"));
    Files.createDirectory(work.resolve("index"));
    Files.createDirectory(lower.resolve("d"));
    Files.writeString(lower.resolve("f"), "text");
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void mark(Path path, String key, String value) throws IOException {
    Files.setAttribute(path, "user:overlay." + key, value.getBytes(StandardCharsets.ISO_8859_1));
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(upper.resolve(name), content);
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(upper.resolve(name));
  }

  private LayerSources sources(MarkRules rules) {
    return new LayerSources(
        List.of(LayerSource.of(bytes(lower))),
        LayerSource.of(bytes(upper)),
        LayerSource.of(bytes(work)),
        rules,
        false);
  }

  /** What is found, and what becomes of it. */
  private static final class Sink implements FindingSink {
    private final List<Finding> findings = new ArrayList<>();
    private int entries;

    @Override
    public void found(Finding finding) {
      findings.add(finding);
    }

    @Override
    public void looked(int more) {
      entries += more;
    }
  }

  private List<Finding> check(MarkRules rules) throws IOException {
    Sink sink = new Sink();
    Fsck.check(sys, sources(rules), false, sink);
    assertThat(sink.entries).isPositive();
    return sink.findings;
  }

  private List<String> found(MarkRules rules) throws IOException {
    return check(rules).stream()
        .map(finding -> finding.path() + " " + finding.problem().key())
        .sorted()
        .toList();
  }

  private List<String> found() throws IOException {
    return found(FOLLOW_ALL);
  }

  private void repair() throws IOException, ErrnoException {
    List<Finding> findings = check(FOLLOW_ALL);
    try (Repairs repairs = Repairs.open(sys, sources(FOLLOW_ALL))) {
      for (Finding finding : findings) {
        Repair repair = finding.repair();
        if (repair != null && repair.isOurs()) {
          repairs.carryOut(repair);
        }
      }
    }
  }

  @Test
  void healthyLayersHaveNoFinding() throws Exception {
    mark(directory("d"), "opaque", "y");
    mark(directory("moved"), "redirect", "/d");
    mark(upper, "opaque", "x");
    mark(file("f", ""), "whiteout", "y");

    assertThat(found()).isEmpty();
  }

  @Test
  void marksOnWhatCannotHaveThemAreRemovedByARepair() throws Exception {
    mark(file("opaque", "x"), "opaque", "y");
    mark(file("whiteout", "x"), "whiteout", "y");
    mark(directory("metacopy"), "metacopy", "");
    mark(file("origin", "x"), "origin", "what");

    assertThat(found())
        .containsExactly(
            "metacopy metacopy-misplaced",
            "opaque opaque-misplaced",
            "origin origin-bad",
            "whiteout whiteout-misplaced");
    repair();
    assertThat(found()).isEmpty();
    assertThat(upper.resolve("whiteout")).hasContent("x");
  }

  @Test
  void redirectsThatLeadNowhereOrOutOrTwiceToOnePlaceAreFound() throws Exception {
    mark(directory("away"), "redirect", "/d/missing");
    mark(directory("up"), "redirect", "/../d");
    mark(directory("beside"), "redirect", "a/b");
    mark(directory("copy"), "redirect", "/d");

    assertThat(found())
        .containsExactly(
            "away redirect-nowhere",
            "beside redirect-bad",
            "copy redirect-twice",
            "up redirect-bad");
    assertThat(found(MarkRules.DEFAULT))
        .contains("away redirect-not-followed", "copy redirect-not-followed");

    mark(directory("d"), "opaque", "y");
    mark(directory("copy2"), "redirect", "d");
    assertThat(found()).filteredOn(line -> line.endsWith("redirect-twice")).hasSize(1);
  }

  @Test
  void aFileWhoseDataAreNowhereIsFound() throws Exception {
    try (var channel =
        Files.newByteChannel(
            upper.resolve("holes"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.position(1 << 20);
      channel.write(ByteBuffer.wrap(new byte[1]));
    }
    mark(upper.resolve("holes"), "metacopy", "");

    assertThat(found()).containsExactly("holes metacopy-no-data");
    assertThat(found(MarkRules.DEFAULT)).containsExactly("holes metacopy-not-followed");
  }

  @Test
  void aWhiteoutInADirectoryThatDoesNotSayThatItHasSuchIsAnnounced() throws Exception {
    Files.writeString(lower.resolve("d/f"), "text");
    mark(file("f", ""), "whiteout", "y");
    directory("d");
    mark(file("d/f", ""), "whiteout", "y");

    assertThat(found()).containsExactly("d/f whiteout-unannounced", "f whiteout-unannounced");
    repair();
    assertThat(found()).isEmpty();
  }

  @Test
  void aWhiteoutThatHidesNothingIsRemovedAndTheDirectoryKeepsItsTime() throws Exception {
    mark(upper, "opaque", "x");
    Path d = directory("d");
    mark(d, "opaque", "x");
    mark(file("d/no", ""), "whiteout", "y");
    var before = Files.getLastModifiedTime(d);

    assertThat(found()).containsExactly("d/no whiteout-idle");
    repair();
    assertThat(found()).isEmpty();
    assertThat(d).isEmptyDirectory();
    assertThat(Files.getLastModifiedTime(d)).isEqualTo(before);
  }

  @Test
  void dotNamesAreWhiteoutsWhereTheMountSaysSo() throws Exception {
    file(".wh.f", "");
    file(".wh.no", "");

    assertThat(found()).isEmpty();
    assertThat(found(DOT_NAMES)).containsExactly(".wh.no whiteout-idle");
  }

  @Test
  void whatACrashLeftInTheWorkDirectoryIsANote() throws Exception {
    Files.createDirectories(work.resolve("work/#7f/below"));
    Files.createDirectories(work.resolve("work/#discard-1a-0"));
    Files.createDirectories(work.resolve("work/8/below"));
    Files.createDirectories(work.resolve("work/mine"));
    Files.createDirectories(work.resolve("work/incompat"));
    Files.createFile(work.resolve("work/incompat/rename3"));
    Files.createFile(work.resolve("index/junk"));

    assertThat(found())
        .containsExactly(
            "index/junk index-bad",
            "work/#7f work-left",
            "work/#discard-1a-0 work-left",
            "work/8 work-left",
            "work/incompat/rename3 rename-halfway",
            "work/mine work-unknown");
    repair();
    assertThat(work.resolve("work/incompat/rename3")).exists();
    assertThat(work.resolve("work/#7f")).doesNotExist();
    assertThat(work.resolve("work/#discard-1a-0")).doesNotExist();
    assertThat(work.resolve("work/8/below")).exists();
    assertThat(work.resolve("work/mine")).exists();

    Files.createDirectories(work.resolve("work/incompat/volatile"));
    Files.createDirectories(work.resolve("work/incompat/other"));
    assertThat(found()).contains("work/incompat/volatile volatile", "work/incompat/other incompat");
  }

  @Test
  void anUpperInUseIsLookedAtButNotRepaired() throws Exception {
    Files.createDirectories(work.resolve("work/7"));
    try (Fd fd = new Fd(sys, sys.openPath(bytes(upper), Linux.O_RDONLY, 0))) {
      assertThat(sys.tryFlock(fd.raw(), Linux.LOCK_EX | Linux.LOCK_NB)).isZero();

      assertThat(found()).isEmpty(); // what is in work is being worked on
      assertThatThrownBy(() -> Repairs.open(sys, sources(FOLLOW_ALL)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is in use by a mounted union");
    }
    assertThat(found()).containsExactly("work/7 work-left");
  }

  @Test
  void lowersAreLookedAtAndNeverRepaired() throws Exception {
    Path middle = Files.createDirectory(home.resolve("middle"));
    mark(Files.writeString(middle.resolve("x"), "x"), "opaque", "y");
    LayerSources three =
        new LayerSources(
            List.of(LayerSource.of(bytes(middle)), LayerSource.of(bytes(lower))),
            null,
            null,
            FOLLOW_ALL,
            false);
    Sink sink = new Sink();

    Fsck.check(sys, three, false, sink);

    assertThat(sink.findings).hasSize(1);
    assertThat(sink.findings.get(0).problem()).isEqualTo(Problem.OPAQUE_MISPLACED);
    assertThat(sink.findings.get(0).repair()).isNull();
    assertThatThrownBy(() -> Repairs.open(sys, three)).hasMessageContaining("no upper directory");
  }

  @Test
  void linksAndDepthDoNotLeadAstray() throws Exception {
    Path at = upper;
    for (int i = 0; i < 600; i++) { // longer than PATH_MAX would be too slow to make by path
      at = Files.createDirectory(at.resolve("d"));
    }
    Files.createSymbolicLink(upper.resolve("out"), Path.of("/"));
    Files.createSymbolicLink(upper.resolve("loop"), Path.of("loop"));
    mark(file("\u001b[2J", "x"), "opaque", "y");

    assertThat(found()).containsExactly("\\033[2J opaque-misplaced");
  }

  @Test
  void directoriesThatDoNotExistAreNamed() {
    LayerSources missing =
        new LayerSources(
            List.of(LayerSource.of(bytes(home.resolve("no")))), null, null, FOLLOW_ALL, false);

    assertThatThrownBy(() -> Fsck.check(sys, missing, false, new Sink()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(Name.of(bytes(home.resolve("no"))).toString());
  }

  private void isRefused(Path usedLower, Path usedWork, String why) {
    LayerSources layers =
        new LayerSources(
            List.of(LayerSource.of(bytes(usedLower))),
            LayerSource.of(bytes(upper)),
            LayerSource.of(bytes(usedWork)),
            FOLLOW_ALL,
            false);
    assertThatThrownBy(() -> Repairs.open(sys, layers))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(why);
  }

  @Test
  void layersThatAreNotApartAreNotRepaired() throws Exception {
    Path below = Files.createDirectory(work.resolve("work/below"));
    Path link = Files.createSymbolicLink(home.resolve("link"), lower);

    isRefused(lower, lower, "a lower must never change");
    isRefused(lower, link, "a lower must never change");
    isRefused(below, work, "a lower must never change");
    isRefused(directory("d"), work, "a lower must never change");
    isRefused(lower, upper, "the work directory must be one of its own");
    isRefused(lower, home, "is inside the work directory");
  }

  @Test
  void nothingBelowARedirectThatLeadsNowhereIsCalledIdle() throws Exception {
    mark(upper, "opaque", "x");
    mark(directory("away"), "redirect", "/missing");
    mark(directory("away/below"), "opaque", "x");
    mark(file("away/below/f", ""), "whiteout", "y");

    assertThat(found()).containsExactly("away redirect-nowhere");
    assertThat(found(MarkRules.DEFAULT)).containsExactly("away redirect-not-followed");
  }

  private void originOf(Path lowerFile, Path copy) throws Exception {
    byte[] origin;
    try (Fd root =
        new Fd(sys, sys.openPath(bytes(lowerFile.resolveSibling(".")), Linux.O_RDONLY, 0))) {
      Name name = Name.of(String.valueOf(lowerFile.getFileName()));
      FileHandle handle = Objects.requireNonNull(sys.nameToHandleAt(root.raw(), name));
      origin = Origin.encode(handle, new byte[Origin.UUID_BYTES]);
    }
    Files.setAttribute(copy, "user:overlay.origin", origin);
  }

  private boolean trusts(Repair repair) throws Exception {
    Sink sink = new Sink();
    Provenance provenance = Fsck.check(sys, sources(FOLLOW_ALL), true, sink);
    Announced announced = new Announced();
    sink.findings.forEach(announced::add);
    announced.end(provenance);
    return announced.objection(repair) == null;
  }

  @Test
  void idleWhiteoutsAreRemovedOnlyWithTheLowersThatTheUpperWasMadeOn() throws Exception {
    Repair idle = new Repair(Repair.Kind.REMOVE, false, List.of(Name.of("no")), null);
    Repair mark = new Repair(Repair.Kind.REMOVE_MARK, false, List.of(Name.of("no")), null);
    assertThat(trusts(idle)).isFalse(); // no origin tells
    assertThat(trusts(mark)).isTrue();

    Path copy = file("f", "changed");
    originOf(lower.resolve("f"), copy);
    assertThat(trusts(idle)).isTrue();

    // on the same file system, so that its handle opens, but in no lower
    originOf(Files.writeString(home.resolve("elsewhere"), "x"), file("g", "x"));
    assertThat(trusts(idle)).isFalse();
    assertThat(trusts(mark)).isTrue();

    Files.delete(upper.resolve("g"));
    mark(directory("away"), "redirect", "/missing");
    assertThat(trusts(idle)).isFalse();
  }

  @Test
  void aFindingIsKnownAgainByWhatAndWhereItIs() {
    Name path = Name.of("f");
    Finding told = new Finding(Problem.WHITEOUT_IDLE, "u", path, null, null, null);
    Announced announced = new Announced();
    announced.add(told);

    assertThat(announced.has(new Finding(Problem.WHITEOUT_IDLE, "u", path, null, null, null)))
        .isTrue();
    assertThat(
            announced.has(new Finding(Problem.WHITEOUT_IDLE, "u", Name.of("g"), null, null, null)))
        .isFalse();
    assertThat(announced.has(new Finding(Problem.WORK_LEFT, "u", path, null, null, null)))
        .isFalse();
    assertThat(announced.has(new Finding(Problem.WHITEOUT_IDLE, "v", path, null, null, null)))
        .isFalse();
  }
}
