package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.statistics.Requests;
import io.unionfs.statistics.Writers;
import io.unionfs.sys.Errno;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.SocketPair;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.RequestNames;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.Request;
import io.unionfs.transport.kernel.codec.RequestBytes;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From requests to replies, served in the thread of the test. */
final class DispatchTest {
  private static final Wishes WISHES = new Wishes(true, false, true, true, -1);
  private static final Negotiation AGREED =
      new Negotiation(45, 0, 128 << 10, 0, false, Timeouts.of(-1), true);
  private static final Set<Integer> QUICK =
      Set.of(Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.INTERRUPT);

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private final SocketPair pair = SocketPair.open();
  private final Requests requests = new Requests(RequestNames::of);
  private final Worker worker = new Worker(AGREED, requests);
  private Supplier<Boolean> onInterrupt = () -> false;
  private TestUnion union;
  private Dispatch dispatch;

  @SuppressWarnings("NullAway.Init") // set by open()
  DispatchTest() {}

  @BeforeEach
  void open() throws Exception {
    union = TestUnion.open(home, WISHES);
    UnionFileSystem fs = union.fs();
    FuseDevice device = pair.device();
    KeptTimes keptTimes = new KeptTimes(fs, AGREED);
    NodeTable nodes = new NodeTable(fs, keptTimes);
    AclNarrowing narrowing = new AclNarrowing(fs, true);
    Opens opens = new Opens(fs, device, AGREED);
    dispatch =
        new Dispatch(
            fs,
            new ServerState(
                device,
                AGREED,
                nodes,
                opens,
                new Entries(fs, nodes, narrowing, opens, AGREED.timeouts()),
                keptTimes,
                new Notices(device, 4),
                new Parking(fs, device, keptTimes, AGREED, "test"),
                new Writers(requests, fs.proc()),
                narrowing,
                unique -> onInterrupt.get()));
  }

  @AfterEach
  void close() {
    union.close();
    worker.close();
    pair.close();
  }

  private void serve(byte[] message) {
    NativeMemory.putBytes(worker.address(), message, 0, message.length);
    worker.request.wrap(worker.address(), message.length);
    dispatch.serve(worker);
  }

  private void assertReply(int errno) throws Exception {
    ByteBuffer reply = FuzzReplies.of(pair.receive());
    assertThat(reply.getInt(4)).isEqualTo(-errno);
    assertThat(reply.getLong(8)).isEqualTo(8);
    assertThat(pair.hasMessage()).as("another reply").isFalse();
  }

  private static byte[] interrupt() {
    return RequestBytes.of(Opcode.INTERRUPT, 8, 0).u64(6).build();
  }

  /* An INTERRUPT's handler is the one that a test can make fail. */
  private String errorsOf(Supplier<Boolean> failing) {
    onInterrupt = failing;
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    try (PrintStream captured = new PrintStream(log, true, StandardCharsets.UTF_8)) {
      System.setErr(captured);
      serve(interrupt());
    } finally {
      System.setErr(before);
    }
    return log.toString(StandardCharsets.UTF_8);
  }

  @Test
  void exceptionInHandlerIsEioAndOneLineOfLog() throws Exception {
    String log =
        errorsOf(
            () -> {
              throw new IllegalStateException("made by the test");
            });

    assertReply(Errno.EIO);
    assertThat(log.lines().filter(line -> line.contains(" ERROR "))).hasSize(1);
    assertThat(log).contains("INTERRUPT").contains("made by the test");
  }

  @Test
  void errorInHandlerIsEioToo() throws Exception {
    String log =
        errorsOf(
            () -> {
              throw new StackOverflowError("made by the test");
            });

    assertReply(Errno.EIO);
    assertThat(log).contains("made by the test");
  }

  @Test
  void serverGoesOnAfterAnException() throws Exception {
    exceptionInHandlerIsEioAndOneLineOfLog();

    serve(RequestBytes.of(Opcode.GETATTR, 8, 1).bytes(new byte[16]).build());
    assertReply(0);
  }

  @Test
  void interruptOfNobodyIsAskedForAgain() throws Exception {
    serve(interrupt());

    assertReply(Errno.EAGAIN);
  }

  @Test
  void interruptThatWasDeliveredHasNoReply() throws Exception {
    onInterrupt = () -> true;
    serve(interrupt());

    assertThat(pair.hasMessage()).isFalse();
  }

  @Test
  void oneWayRequestsHaveNoReplyEvenIfTheyAreMalformed() throws Exception {
    serve(RequestBytes.of(Opcode.FORGET, 8, 77).u64(1).build());
    serve(RequestBytes.of(Opcode.FORGET, 8, 77).build());
    serve(RequestBytes.of(Opcode.BATCH_FORGET, 8, 0).u32(1).u32(0).u64(77).u64(1).build());
    serve(RequestBytes.of(Opcode.BATCH_FORGET, 8, 0).u32(9).u32(0).build());

    assertThat(pair.hasMessage()).isFalse();
  }

  @Test
  void malformedRequestIsEinval() throws Exception {
    serve(RequestBytes.of(Opcode.GETATTR, 8, 1).build());

    assertReply(Errno.EINVAL);
  }

  @Test
  void unknownRequestIsEnosys() throws Exception {
    serve(RequestBytes.of(Opcode.POLL, 8, 1).bytes(new byte[24]).build());

    assertReply(Errno.ENOSYS);
  }

  @Test
  void permissionsAreTheKernelsBusiness() throws Exception {
    serve(RequestBytes.of(Opcode.ACCESS, 8, 1).u32(4).u32(0).build());

    assertReply(Errno.ENOSYS);
  }

  @Test
  void messageWithoutAHeaderHasNoReply() throws Exception {
    serve(new byte[In.HEADER_SIZE - 1]);

    assertThat(pair.hasMessage()).isFalse();
  }

  @Test
  void onlyWhatNeverWaitsIsQuick() {
    Request request = new Request();
    for (int opcode = 0; opcode < 64; opcode++) {
      byte[] message = RequestBytes.of(opcode, 8, 1).build();
      NativeMemory.putBytes(worker.address(), message, 0, message.length);
      request.wrap(worker.address(), message.length);

      assertThat(Dispatch.isQuick(request)).isEqualTo(QUICK.contains(opcode));
    }
    request.wrap(worker.address(), In.HEADER_SIZE - 1);
    assertThat(Dispatch.isQuick(request)).as("what is only logged").isTrue();
  }
}
