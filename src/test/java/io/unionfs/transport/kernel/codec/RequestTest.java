package io.unionfs.transport.kernel.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Errno;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.kernel.codec.GoldenRequest.Field;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/*
 * What surrounds a message is filled once with NULs, which would end a name, and once with ones, which
 * would make any length too long: who reads outside a message gets two different results.
 */
/** Requests as bytes, whole and damaged. */
final class RequestTest {
  private static final int ROOM = 512;
  private static final int AROUND = 64;
  private static final int EXTENSION_LENGTH = 36;

  /** Requests that the server leaves to the kernel, so that it need not understand them. */
  private static final Set<String> NOT_SERVED =
      Set.of(
          "GETLK",
          "SETLK",
          "SETLKW",
          "BMAP",
          "POLL",
          "NOTIFY_REPLY",
          "SETUPMAPPING",
          "REMOVEMAPPING");

  private final NativeMemory memory = NativeMemory.allocate(ROOM);
  private final Request request = new Request();

  @AfterEach
  void free() {
    memory.close();
  }

  static List<GoldenRequest> requests() throws IOException {
    return GoldenRequest.all();
  }

  static Stream<GoldenRequest> requestsWithNames() throws IOException {
    return requests().stream().filter(each -> !each.fields("name").isEmpty());
  }

  private void wrap(GoldenRequest golden, byte[] message, int around) {
    for (long at = 0; at < ROOM; at++) {
      NativeMemory.putByte(memory.address() + at, (byte) around);
    }
    NativeMemory.putBytes(memory.address() + AROUND, message, 0, message.length);
    request.useLongSetxattr(golden.title().endsWith("long"));
    request.wrap(memory.address() + AROUND, message.length);
  }

  private int check(GoldenRequest golden, byte[] message) {
    wrap(golden, message, 0xff);
    int first = request.check();
    wrap(golden, message, 0);
    int second = request.check();
    assertThat(second).as("does not depend on what surrounds the message").isEqualTo(first);
    return first;
  }

  private static byte[] shortened(GoldenRequest golden, int length) {
    return Arrays.copyOf(golden.with(0, length), length);
  }

  @Test
  void everyServedOpcodeHasAGoldenRequest() throws Exception {
    Set<String> expected = new TreeSet<>();
    for (var field : Opcode.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers()) && !NOT_SERVED.contains(field.getName())) {
        expected.add(field.getName());
      }
    }
    Set<String> actual = new TreeSet<>();
    for (GoldenRequest golden : requests()) {
      actual.add(golden.title().replace(" long", ""));
      assertThat(Opcode.name(golden.opcode())).isEqualTo(golden.title().replace(" long", ""));
    }

    assertThat(actual).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void headerIsRead(GoldenRequest golden) {
    wrap(golden, golden.bytes(), 0xff);

    assertThat(request.hasHeader()).isTrue();
    assertThat(request.check()).isZero();
    assertThat(request.length()).isEqualTo((int) golden.header(0, 4));
    assertThat(request.opcode()).isEqualTo((int) golden.header(4, 4));
    assertThat(request.unique()).isEqualTo(golden.header(8, 8));
    assertThat(request.nodeId()).isEqualTo(golden.header(16, 8));
    assertThat(request.uid()).isEqualTo((int) golden.header(24, 4));
    assertThat(request.gid()).isEqualTo((int) golden.header(28, 4));
    assertThat(request.pid()).isEqualTo((int) golden.header(32, 4));
    assertThat(request.behind())
        .isEqualTo(memory.address() + AROUND + (golden.bytes().length + 7L) / 8 * 8);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void fieldsAreRead(GoldenRequest golden) throws ReflectiveOperationException {
    wrap(golden, golden.bytes(), 0xff);
    assertThat(request.check()).isZero();

    for (Field field : golden.fields()) {
      long at = memory.address() + AROUND + field.start();
      switch (field.kind()) {
        case "u32" ->
            assertThat(request.u32(offset(field)))
                .as(field.detail())
                .isEqualTo((int) field.value());
        case "u64" ->
            assertThat(request.u64(offset(field))).as(field.detail()).isEqualTo(field.value());
        case "name" -> {
          int i = Integer.parseInt(field.detail());
          assertThat(request.nameAddress(i)).isEqualTo(at);
          assertThat(request.nameLength(i)).isEqualTo(field.bytes().length - 1);
        }
        case "payload" -> {
          assertThat(request.payload()).isEqualTo(at);
          assertThat(request.payloadLength()).isEqualTo(field.bytes().length);
        }
        case "extension" -> {
          assertThat(request.extensions()).isEqualTo(at);
          assertThat(request.extensionsLength()).isEqualTo(field.bytes().length);
        }
        default -> {
          // nobody reads it
        }
      }
    }
  }

  private static int offset(Field field) throws ReflectiveOperationException {
    return In.class.getField(field.detail()).getInt(null);
  }

  /* Kernels before 6.2 append the labels without saying so in the header. */
  @Test
  void extensionsWithoutALengthAreWhatFollowsTheNames() throws Exception {
    GoldenRequest golden = GoldenRequest.named("MKDIR");
    Field extension = golden.fields("extension").get(0);
    byte[] older = golden.bytes().clone();
    older[EXTENSION_LENGTH] = 0;
    wrap(golden, older, 0xff);

    assertThat(request.check()).isZero();
    assertThat(request.extensions()).isEqualTo(memory.address() + AROUND + extension.start());
    assertThat(request.extensionsLength()).isEqualTo(extension.bytes().length);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void oneByteShortIsRefused(GoldenRequest golden) {
    byte[] message = shortened(golden, golden.bytes().length - 1);
    wrap(golden, message, 0);

    if (message.length < GoldenRequest.HEADER_SIZE) {
      assertThat(request.hasHeader()).isFalse();
    } else {
      assertThat(check(golden, message)).isEqualTo(Errno.EINVAL);
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void noLengthMakesAShortMessageReadOutside(GoldenRequest golden) {
    for (int length = GoldenRequest.HEADER_SIZE; length < golden.bytes().length; length++) {
      assertThat(check(golden, shortened(golden, length))).isEqualTo(Errno.EINVAL);
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void lengthThatIsNotTheMessagesIsRefused(GoldenRequest golden) {
    int length = golden.bytes().length;
    for (int lie : new int[] {0, 39, length - 1, length + 1, length + 8, Integer.MAX_VALUE, -1}) {
      assertThat(check(golden, golden.with(0, lie))).as("length %d", lie).isEqualTo(Errno.EINVAL);
    }
  }

  @ParameterizedTest
  @MethodSource("requestsWithNames")
  void nameWithoutNulIsRefused(GoldenRequest golden) {
    Field last = golden.fields("name").get(golden.fields("name").size() - 1);
    byte[] message = golden.bytes().clone();
    for (int i = last.start(); i < message.length; i++) {
      message[i] = 'x';
    }

    assertThat(check(golden, message)).isEqualTo(Errno.EINVAL);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void extensionsLargerThanTheMessageAreRefused(GoldenRequest golden) {
    for (int units : new int[] {golden.bytes().length / 8, 0x7fff, 0x8000, 0xffff}) {
      assertThat(check(golden, golden.with(EXTENSION_LENGTH, units))).isEqualTo(Errno.EINVAL);
    }
  }

  @Test
  void sizesBeyondThePayloadAreRefused() throws Exception {
    assertTooLarge(GoldenRequest.named("WRITE"), "IO_LENGTH", 11);
    assertTooLarge(GoldenRequest.named("SETXATTR"), "SETXATTR_LENGTH", 5);
    assertTooLarge(GoldenRequest.named("SETXATTR long"), "SETXATTR_LENGTH", 5);
    assertTooLarge(GoldenRequest.named("IOCTL"), "IOCTL_IN_LENGTH", 8);
    assertTooLarge(GoldenRequest.named("BATCH_FORGET"), "BATCH_COUNT", 2);
  }

  private void assertTooLarge(GoldenRequest golden, String constant, int fits) {
    assertThat(check(golden, golden.with(constant, fits))).isZero();
    for (int size :
        new int[] {fits + 1, 0x1000_0000, Integer.MAX_VALUE, Integer.MIN_VALUE, 0xf000_0000, -1}) {
      assertThat(check(golden, golden.with(constant, size)))
          .as("%s %x", constant, size)
          .isEqualTo(Errno.EINVAL);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 7, 19, 31, 32, 33, 37, 40, 41, 48, 49, 54, 63, 64, 4096, 0x1a000000, -1, 1 << 31})
  void opcodeThatIsNotServedIsEnosys(int opcode) throws Exception {
    GoldenRequest golden = GoldenRequest.named("WRITE");

    assertThat(check(golden, golden.with(4, opcode))).isEqualTo(Errno.ENOSYS);
    assertThat(Opcode.name(opcode)).isNotEmpty();
  }

  @Test
  void messageShorterThanAHeaderHasNone() throws Exception {
    GoldenRequest golden = GoldenRequest.named("STATFS");
    for (int length = 0; length < GoldenRequest.HEADER_SIZE; length++) {
      wrap(golden, Arrays.copyOf(golden.bytes(), length), 0);
      assertThat(request.hasHeader()).isFalse();
    }
  }

  @Test
  void setattrOfEachChangeHasItsBit() {
    List<Integer> bits = new ArrayList<>();
    for (int bit :
        new int[] {
          In.FATTR_MODE,
          In.FATTR_UID,
          In.FATTR_GID,
          In.FATTR_SIZE,
          In.FATTR_ATIME,
          In.FATTR_MTIME,
          In.FATTR_ATIME_NOW,
          In.FATTR_MTIME_NOW,
          In.FATTR_KILL_SUIDGID
        }) {
      bits.add(Integer.numberOfTrailingZeros(bit));
    }

    assertThat(bits).containsExactly(0, 1, 2, 3, 4, 5, 7, 8, 11);
  }

  @Test
  void builderOfTestsMakesWhatTheKernelSends() throws Exception {
    byte[] message = RequestBytes.of(Opcode.LOOKUP, 0x1122334455667702L, 0x11).name("file").build();
    byte[] golden = GoldenRequest.named("LOOKUP").bytes();

    assertThat(message).hasSameSizeAs(golden);
    assertThat(ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).getLong(8))
        .isEqualTo(0x1122334455667702L);
    assertThat(Arrays.copyOfRange(message, 40, 45)).isEqualTo(Arrays.copyOfRange(golden, 40, 45));
  }
}
