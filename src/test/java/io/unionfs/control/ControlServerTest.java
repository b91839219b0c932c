package io.unionfs.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.control.ControlSockets.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both ends of a control socket. */
@Timeout(60)
class ControlServerTest {
  private static final long MOUNT = 17;
  private static final int LONG_MILLIS = 50_000;
  private static final int SHORT_MILLIS = 200;
  private static final String ASK = "{\"get\":\"status\"}\n";

  /* Not in the build directory: the path of a socket has at most 107 bytes. */
  @TempDir Path runtime;

  private final Sys sys = Sys.linux();
  private final Controlled mount = new Controlled();

  /** A mount that notes whether changes are held back. */
  private static final class Controlled implements ControlledMount {
    private final Semaphore free = new Semaphore(1);
    private final List<Name> discarded = Collections.synchronizedList(new ArrayList<>());
    private Supplier<MountStatus> status = Statuses::plain;

    @Override
    public MountStatus status() {
      return status.get();
    }

    @Override
    public MountStatistics statistics() {
      return Statuses.statistics();
    }

    @Override
    public boolean tryHold(int millis) {
      return free.tryAcquire();
    }

    @Override
    public void release() {
      free.release();
    }

    @Override
    public void discard(List<Name> paths, int millis) throws IOException {
      if (paths.contains(Name.of("refused"))) {
        throw new IOException("not that \u00e9");
      }
      discarded.addAll(paths);
    }

    boolean isFreeWithin(int millis) throws InterruptedException {
      boolean isFree = free.tryAcquire(millis, TimeUnit.MILLISECONDS);
      if (isFree) {
        free.release();
      }
      return isFree;
    }
  }

  private ControlServer open(int patienceMillis, Supplier<MountStatus> status) {
    mount.status = status;
    ControlServer server =
        ControlServer.open(sys, directory().toString(), MOUNT, mount, patienceMillis);
    if (server == null) {
      throw new AssertionError("no server");
    }
    return server;
  }

  private Path directory() {
    return runtime.resolve("unionfs");
  }

  private Path socket() {
    return directory().resolve(MOUNT + ".sock");
  }

  private Place place(boolean own) {
    return new Place(bytes(socket().toString()), own);
  }

  private @Nullable String status() throws ErrnoException {
    return ControlClient.status(sys, List.of(place(true)), LONG_MILLIS);
  }

  private UnixSocket connect() throws ErrnoException {
    return UnixSocket.connect(sys, place(true).path(), LONG_MILLIS);
  }

  private String ask(String request) throws ErrnoException {
    try (UnixSocket client = connect()) {
      client.write(bytes(request));
      return rest(client);
    }
  }

  /* All that comes until the server closes. */
  private static String rest(UnixSocket client) throws ErrnoException {
    byte[] part = new byte[64 << 10];
    StringBuilder text = new StringBuilder();
    for (int read = client.read(part, 0); read > 0; read = client.read(part, 0)) {
      text.append(new String(part, 0, read, StandardCharsets.UTF_8));
    }
    return text.toString();
  }

  @Test
  void aMountTellsItsStatus() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      assertThat(status()).startsWith("{\"mountPoint\":\"/mnt/a \\\"b\\\"\"").endsWith("}");
      assertThat(ask("{\"get\":\"passwords\"}\n")).isEqualTo("{\"error\":\"unknown request\"}\n");
      assertThat(ask("{]\n")).startsWith("{\"error\":\"not JSON: ");
      assertThat(status()).contains("\"pid\":42");
    }
  }

  @Test
  void aBigStatusArrivesWhole() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::big)) {
      assertThat(server).isNotNull();
      assertThat(status()).hasSizeGreaterThan(2_000_000).endsWith("\"lookupMisses\":8}");
    }
  }

  @Test
  void onlyTheUserReachesTheSocketAndItEndsWithTheMount() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      assertThat(permissions(directory())).isEqualTo("rwx------");
      assertThat(permissions(socket())).isEqualTo("rw-------");
    }
    assertThat(directory()).isEmptyDirectory();
    assertThat(status()).isNull();
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private HeldChanges hold() throws ErrnoException {
    HeldChanges held = HeldChanges.at(sys, place(true));
    if (held == null) {
      throw new AssertionError("nothing is held");
    }
    return held;
  }

  @Test
  void changesWaitForAsLongAsTheClientIsThere() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain);
        HeldChanges held = hold()) {
      assertThat(server).isNotNull();
      assertThat(mount.isFreeWithin(0)).isFalse();
      assertThat(held.isHeld()).isTrue();

      held.close();

      assertThat(mount.isFreeWithin(LONG_MILLIS)).isTrue();
      assertThat(status()).contains("\"pid\":42");
    }
  }

  @Test
  void othersAreAnsweredDuringAHoldButNoneMayHoldAsWell() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain);
        HeldChanges held = hold()) {
      assertThat(server).isNotNull();

      assertThat(status()).contains("\"pid\":42");
      assertThat(HeldChanges.at(sys, place(true))).isNull();

      assertThat(held.isHeld()).isTrue();
      assertThat(mount.isFreeWithin(0)).isFalse();
    }
  }

  @Test
  void clientThatSaysNothingHoldsNoLonger() throws Exception {
    try (ControlServer server = open(SHORT_MILLIS, Statuses::plain);
        HeldChanges held = hold()) {
      assertThat(server).isNotNull();

      assertThat(mount.isFreeWithin(LONG_MILLIS)).isTrue();

      assertThat(held.isHeld()).isFalse();
    }
  }

  @Test
  void holdIsEndedAndTheNextOneGranted() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain);
        HeldChanges held = hold()) {
      server.endHold();

      assertThat(mount.isFreeWithin(0)).isTrue();
      assertThat(held.isHeld()).isFalse();
      try (HeldChanges next = hold()) {
        assertThat(next.isHeld()).isTrue();
      }
    }
  }

  @Test
  void endOfTheMountEndsAHold() throws Exception {
    ControlServer server = open(LONG_MILLIS, Statuses::plain);
    try (HeldChanges held = hold()) {
      server.close();

      assertThat(mount.isFreeWithin(0)).isTrue();
      assertThat(held.isHeld()).isFalse();
    }
  }

  private void discard(String... paths) throws IOException, ErrnoException {
    List<Name> names = Stream.of(paths).map(path -> Name.of(bytes1(path))).toList();
    assertThat(ControlClient.discard(sys, List.of(place(true)), names)).isTrue();
  }

  private static byte[] bytes1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void pathsToDiscardArriveByteForByte() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();

      discard("", "a/b", "\u00ff\n\\");

      assertThat(mount.discarded)
          .containsExactly(Name.of(""), Name.of("a/b"), Name.of(bytes1("\u00ff\n\\")));
    }
  }

  @Test
  void refusalToDiscardIsTold() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();

      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> discard("refused"))
          .withMessage("not that \u00e9");
      assertThatExceptionOfType(ErrnoException.class)
          .isThrownBy(() -> discard("x".repeat(64 << 10)))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE));

      assertThat(mount.discarded).isEmpty();
    }
  }

  @Test
  void whoHasTheAnswerMayDiscardAgainAtOnce() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      for (int i = 0; i < 500; i++) {
        discard("a");
      }
      assertThat(mount.discarded).hasSize(500);
    }
  }

  @Test
  void nothingIsDiscardedDuringAHold() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain);
        HeldChanges held = hold()) {
      assertThat(server).isNotNull();

      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> discard("a"))
          .withMessage("another program keeps changes waiting");

      assertThat(held.isHeld()).isTrue();
      assertThat(mount.discarded).isEmpty();
    }
  }

  @Test
  void whatIsNoRequestToDiscardIsNone() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      for (String request :
          List.of(
              "{\"discard\":[]}",
              "{\"discard\":\"a\"}",
              "{\"discard\":[\"a\"]}",
              "{\"discard\":[{}]}",
              "{\"discard\":[{\"path\":1}]}",
              "{\"discard\":[{\"path\":\"a\",\"more\":\"b\"}]}",
              "{\"discard\":[{\"path\":\"a\"}],\"get\":\"hold\"}")) {
        assertThat(ask(request + "\n")).isEqualTo("{\"error\":\"unknown request\"}\n");
      }
      assertThat(ask("{\"discard\":[{\"path\":\"a\"}\n")).startsWith("{\"error\":\"not JSON");

      assertThat(mount.discarded).isEmpty();
    }
  }

  @Test
  void whereAChangeDoesNotEndNothingIsHeld() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      assertThat(mount.tryHold(0)).isTrue();

      assertThat(HeldChanges.at(sys, place(true))).isNull();
    }
  }

  @Test
  void whereThereIsNoPlaceThereIsNoSocket() throws Exception {
    String missing = runtime.resolve("no/unionfs").toString();
    assertThat(ControlServer.open(sys, missing, MOUNT, mount, LONG_MILLIS)).isNull();

    String tooLong = runtime.resolve("x".repeat(120)).toString();
    assertThat(ControlServer.open(sys, tooLong, MOUNT, mount, LONG_MILLIS)).isNull();

    Files.createFile(directory());
    assertThat(ControlServer.open(sys, directory().toString(), MOUNT, mount, LONG_MILLIS)).isNull();
  }

  @Test
  void directoryInWhichOthersMayWriteIsNoPlace() throws Exception {
    Files.createDirectory(directory());
    Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxrwx---"));

    assertThat(ControlServer.open(sys, directory().toString(), MOUNT, mount, LONG_MILLIS)).isNull();
  }

  /* What a server leaves that is killed: a socket in the file system on which nobody listens. */
  private void leaveStaleSocket() throws Exception {
    Files.createDirectories(directory());
    Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwx------"));
    UnixSocket.listen(sys, place(true).path()).close();
    assertThat(socket()).exists();
  }

  @Test
  void socketOfADeadServerIsReplaced() throws Exception {
    leaveStaleSocket();

    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      assertThat(status()).contains("\"pid\":42");
    }
  }

  @Test
  void socketOfADeadServerIsRemovedByWhoAsks() throws Exception {
    leaveStaleSocket();

    assertThat(status()).isNull();

    assertThat(socket()).doesNotExist();
  }

  @Test
  void nothingIsRemovedWhereAnotherUserDecidesWhatThePathMeans() throws Exception {
    leaveStaleSocket();

    assertThat(ControlClient.status(sys, List.of(place(false)), LONG_MILLIS)).isNull();

    assertThat(socket()).exists();
  }

  @Test
  void endlessLineIsCutOff() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain)) {
      assertThat(server).isNotNull();
      assertThat(ask("x".repeat(64 << 10)))
          .isEqualTo("{\"error\":\"a request is at most 65536 bytes long\"}\n");
      assertThat(status()).contains("\"pid\":42");
    }
  }

  @Test
  void bytesInNoEncodingOfJsonAreAnswered() throws Exception {
    try (ControlServer server = open(LONG_MILLIS, Statuses::plain);
        UnixSocket client = connect()) {
      assertThat(server).isNotNull();
      client.write(new byte[] {0, 0, (byte) 0xff, (byte) 0xfe, 0, '\n'});
      assertThat(rest(client)).startsWith("{\"error\":\"not JSON");
    }
  }

  @Test
  void silentClientIsSentAway() throws Exception {
    try (ControlServer server = open(SHORT_MILLIS, Statuses::plain);
        UnixSocket silent = connect()) {
      assertThat(server).isNotNull();
      assertThat(status()).contains("\"pid\":42");
      assertThat(rest(silent)).isEmpty();
    }
  }

  @Test
  void clientThatDoesNotReadIsSentAway() throws Exception {
    try (ControlServer server = open(SHORT_MILLIS, Statuses::big);
        UnixSocket deaf = connect()) {
      assertThat(server).isNotNull();
      deaf.write(bytes(ASK));
      assertThat(ask("{}\n")).isEqualTo("{\"error\":\"unknown request\"}\n");
      assertThat(rest(deaf)).doesNotEndWith("\n");
    }
  }

  @Test
  void noClientDelaysTheEnd() throws Exception {
    long start = System.nanoTime();
    ControlServer server = open(LONG_MILLIS, Statuses::big);
    List<UnixSocket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        UnixSocket client = connect();
        clients.add(client);
        if (i % 2 == 0) {
          client.write(bytes(ASK)); // and never reads
        }
      }
    } finally {
      server.close();
      clients.forEach(UnixSocket::close);
    }

    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
        .isLessThan(LONG_MILLIS / 2);
  }

  @Test
  void serverThatDoesNotAnswerIsNotWaitedForLong() throws Exception {
    Files.createDirectory(directory());
    List<UnixSocket> waiting = new ArrayList<>();
    UnixSocket stopped = UnixSocket.listen(sys, place(true).path());
    try {
      assertTimesOut(() -> ControlClient.status(sys, List.of(place(true)), SHORT_MILLIS));

      assertTimesOut(
          () -> {
            for (int i = 0; i < 1000; i++) { // as many as may wait, and one more
              waiting.add(UnixSocket.connect(sys, place(true).path(), SHORT_MILLIS));
            }
          });
    } finally {
      waiting.forEach(UnixSocket::close);
      stopped.close();
    }
  }

  private static void assertTimesOut(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
