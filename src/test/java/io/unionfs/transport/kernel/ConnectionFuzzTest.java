package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.SocketPair;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that is sent whole, damaged and nonsensical messages, some at once. */
final class ConnectionFuzzTest {
  private static final int MESSAGES = Integer.getInteger("unionfs.fuzz.messages", 5_000);
  private static final long SEED = Long.getLong("unionfs.fuzz.seed", 20_260_102L);
  private static final int HEADER_SIZE = 40;
  private static final int AT_ONCE = 8;
  private static final int THREADS = 4;
  private static final int NOTIFY_INVAL_INODE = 2;
  private static final int MOST_PRINTED = 200;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private final SocketPair pair = SocketPair.open();

  /** The opcodes of the requests that wait for a reply, by number; negative: it may stay out. */
  private final Map<Long, Integer> waiting = new HashMap<>();

  static List<Wishes> wishes() {
    return List.of(
        new Wishes(true, false, true, true, -1),
        new Wishes(false, false, true, true, -1),
        new Wishes(true, true, true, true, -1),
        new Wishes(true, false, true, false, 1),
        new Wishes(true, false, true, true, 0));
  }

  @ParameterizedTest
  @MethodSource("wishes")
  void everyRequestGetsOneReply(Wishes wishes) throws Exception {
    try (pair;
        TestUnion union = TestUnion.open(home, wishes)) {
      String lower = union.lowerExact();
      pair.send(Inits.LINUX_6_18.message());
      Connection connection = Connection.open(union.fs(), pair.device(), wishes, THREADS, "fuzz");
      pair.receive();
      connection.start();
      FuzzMessages messages = new FuzzMessages(SEED, connection.agreed().hasLongSetxattr());

      fuzz(messages);

      assertAnswersGetattr(messages);
      pair.hangUp();
      assertThat(connection.ended().await(10, TimeUnit.SECONDS)).as("threads ended").isTrue();
      connection.giveUp();
      assertThat(connection.nodes().size()).isZero();
      assertThat(union.lowerExact()).as("the lower, seed %d", SEED).isEqualTo(lower);
    }
  }

  private void fuzz(FuzzMessages messages) throws Exception {
    Random random = new Random(~SEED);
    for (int sent = 0; sent < MESSAGES; ) {
      for (int i = 1 + random.nextInt(AT_ONCE); i > 0; i--) {
        sent++;
        byte[] message = messages.next();
        try {
          send(message);
        } catch (AssertionError e) {
          throw new AssertionError(describe(sent, message), e);
        }
      }
      try {
        receiveAll(messages);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + SEED + " after " + sent + ", waiting " + waiting, e);
      }
    }
  }

  private static String describe(int number, byte[] message) {
    int length = Math.min(message.length, MOST_PRINTED);
    return "seed "
        + SEED
        + ", message "
        + number
        + ": "
        + HexFormat.of().formatHex(message, 0, length);
  }

  private void send(byte[] message) {
    if (message.length >= HEADER_SIZE) {
      ByteBuffer request = FuzzReplies.of(message);
      int opcode = request.getInt(4);
      boolean oneWay =
          opcode == Opcode.FORGET || opcode == Opcode.BATCH_FORGET || opcode == Opcode.INTERRUPT;
      waiting.put(request.getLong(8), oneWay ? -opcode : opcode);
    }
    assertThat(pair.send(message)).isZero();
  }

  private void receiveAll(FuzzMessages messages) throws Exception {
    while (waiting.values().stream().anyMatch(opcode -> opcode > 0) || pair.hasMessage()) {
      receive(messages);
    }
  }

  private void receive(FuzzMessages messages) throws Exception {
    ByteBuffer reply = FuzzReplies.of(pair.receive());
    assertThat(reply.limit()).isGreaterThanOrEqualTo(16);
    assertThat(reply.getInt(0)).as("length").isEqualTo(reply.limit());
    long unique = reply.getLong(8);
    int error = reply.getInt(4);
    if (unique == 0 && error == NOTIFY_INVAL_INODE) {
      return; // before an LSEEK
    }
    assertThat(waiting).as("requests without reply").containsKey(unique);
    int opcode = waiting.remove(unique);
    assertThat(opcode).as("a one-way request").isNotIn(-Opcode.FORGET, -Opcode.BATCH_FORGET);
    assertThat(error).as("error").isBetween(-4095, 0);
    if (error == 0) {
      FuzzReplies.check(Math.abs(opcode), reply, messages);
    } else {
      assertThat(reply.limit()).as("an error has no body").isEqualTo(16);
      assertThat(error).as("EIO to %s", Opcode.name(opcode)).isNotEqualTo(-5);
    }
  }

  private void assertAnswersGetattr(FuzzMessages messages) throws Exception {
    long unique = messages.unique();
    pair.send(RequestBytes.of(Opcode.GETATTR, unique, 1).u64(0).u64(0).build());
    ByteBuffer reply = FuzzReplies.of(pair.receive());
    while (reply.getLong(8) != unique) {
      reply = FuzzReplies.of(pair.receive()); // of an INTERRUPT
    }

    assertThat(reply.getInt(4)).isZero();
    assertThat(reply.getInt(16 + 16 + 60) & 0170000).as("mode").isEqualTo(0040000);
  }
}
