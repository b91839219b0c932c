package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is agreed on with kernels of several ages. */
final class NegotiationTest {
  private static final Wishes CACHED = new Wishes(true, false, true, true, -1);
  private static final Wishes CACHED_READ_ONLY = new Wishes(false, false, true, true, -1);
  private static final Wishes PASSTHROUGH = new Wishes(true, true, true, true, -1);
  private static final Wishes PASSTHROUGH_SHARED = new Wishes(true, true, true, true, 0);
  private static final Wishes NO_ACL = new Wishes(true, false, true, false, -1);
  private static final Wishes SHARED = new Wishes(true, false, true, true, 0);
  private static final Wishes NO_WRITEBACK = new Wishes(true, false, false, true, -1);
  private static final Wishes ONE_SECOND = new Wishes(true, false, true, true, 1);
  private static final List<Wishes> ALL_WISHES =
      List.of(
          CACHED,
          CACHED_READ_ONLY,
          PASSTHROUGH,
          PASSTHROUGH_SHARED,
          NO_ACL,
          SHARED,
          NO_WRITEBACK,
          ONE_SECOND);

  /* Bits by include/uapi/linux/fuse.h, not by InitFlags. */
  private static final long POSIX_LOCKS = 1L << 1;
  private static final long ATOMIC_O_TRUNC = 1L << 3;
  private static final long SPLICES = 7L << 7;
  private static final long FLOCK_LOCKS = 1L << 10;
  private static final long AUTO_INVAL_DATA = 1L << 12;
  private static final long WRITEBACK_CACHE = 1L << 16;
  private static final long NO_OPEN_SUPPORT = 1L << 17;
  private static final long HANDLE_KILLPRIV = 1L << 19;
  private static final long POSIX_ACL = 1L << 20;
  private static final long CACHE_SYMLINKS = 1L << 23;
  private static final long NO_OPENDIR_SUPPORT = 1L << 24;
  private static final long EXPLICIT_INVAL_DATA = 1L << 25;
  private static final long KILLPRIV_V2 = 1L << 28;
  private static final long SETXATTR_EXT = 1L << 29;
  private static final long INIT_EXT = 1L << 30;
  private static final long SECURITY_CTX = 1L << 32;
  private static final long PASSTHROUGH_BIT = 1L << 37;
  private static final long UNKNOWN_TO_US = SPLICES | HANDLE_KILLPRIV | (-1L << 38) | (0xfL << 33);

  /** ASYNC_READ to MAX_PAGES, without what depends on wishes. */
  private static final long BASE =
      1L | 1L << 4 | 1L << 5 | 1L << 6 | 1L << 11 | 1L << 13 | 1L << 15 | 1L << 18 | 1L << 21
          | 1L << 22;

  private static final long CACHES = CACHE_SYMLINKS | NO_OPENDIR_SUPPORT | EXPLICIT_INVAL_DATA;

  private final NativeMemory memory = NativeMemory.allocate(512);

  @AfterEach
  void free() {
    memory.close();
  }

  private Negotiation agree(byte[] init, Wishes wishes) {
    NativeMemory.putBytes(memory.address(), init, 0, init.length);
    Request request = new Request();
    request.wrap(memory.address(), init.length);
    assertThat(request.check()).isZero();
    return Negotiation.with(request, wishes);
  }

  private Negotiation agree(Inits kernel, Wishes wishes) {
    return agree(kernel.message(), wishes);
  }

  static Stream<Arguments> everything() {
    return Inits.all().stream()
        .flatMap(kernel -> ALL_WISHES.stream().map(wishes -> Arguments.of(kernel, wishes)));
  }

  private static long extra(Inits kernel) {
    long flags = 0;
    if (kernel.minor() >= 34) {
      flags |= SETXATTR_EXT;
    }
    if (kernel.minor() >= 38) {
      flags |= INIT_EXT | SECURITY_CTX;
    }
    return flags;
  }

  private static long killpriv(Inits kernel) {
    return kernel.minor() >= 34 ? KILLPRIV_V2 : 0;
  }

  private void assertFlags(Inits kernel, Wishes wishes, long expected) {
    assertThat(InitFlags.names(agree(kernel, wishes).flags()))
        .isEqualTo(InitFlags.names(expected | extra(kernel)));
  }

  static List<Inits> kernels() {
    return Inits.all();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void cachedWritableTakesTheWriteBackCache(Inits kernel) {
    assertFlags(
        kernel,
        CACHED,
        BASE | CACHES | NO_OPEN_SUPPORT | WRITEBACK_CACHE | POSIX_ACL | killpriv(kernel));
    assertThat(agree(kernel, CACHED).noOpen()).isTrue();
    assertThat(agree(kernel, CACHED).noOpendir()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void cachedReadOnlyHasNothingToWriteBack(Inits kernel) {
    long expected = BASE | CACHES | NO_OPEN_SUPPORT | POSIX_ACL | killpriv(kernel);
    assertFlags(kernel, CACHED_READ_ONLY, expected);
    assertFlags(kernel, NO_WRITEBACK, expected);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void withoutAclTheKernelDoesNotEvaluateThem(Inits kernel) {
    assertFlags(
        kernel, NO_ACL, BASE | CACHES | NO_OPEN_SUPPORT | WRITEBACK_CACHE | killpriv(kernel));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void timeoutZeroKeepsNothing(Inits kernel) {
    assertFlags(kernel, SHARED, BASE | AUTO_INVAL_DATA | POSIX_ACL | killpriv(kernel));
    Negotiation agreed = agree(kernel, SHARED);

    assertThat(agreed.noOpen()).isFalse();
    assertThat(agreed.noOpendir()).isFalse();
    assertThat(agreed.noFlush()).isFalse();
    assertThat(agreed.timeouts().isZero()).isTrue();
  }

  @Test
  void passthroughIsTakenWhereItIsOffered() {
    assertFlags(Inits.LINUX_6_18, PASSTHROUGH, BASE | CACHES | POSIX_ACL | PASSTHROUGH_BIT);
    assertFlags(
        Inits.LINUX_6_18, PASSTHROUGH_SHARED, BASE | AUTO_INVAL_DATA | POSIX_ACL | PASSTHROUGH_BIT);
    assertThat(agree(Inits.LINUX_6_18, PASSTHROUGH).passthrough()).isTrue();
    assertThat(agree(Inits.LINUX_6_18, PASSTHROUGH).noOpen()).isFalse();
  }

  @Test
  void passthroughThatIsNotOfferedIsTheCachedProfile() {
    for (Inits kernel : List.of(Inits.LINUX_5_4, Inits.LINUX_5_15, Inits.LINUX_6_2)) {
      assertThat(agree(kernel, PASSTHROUGH)).isEqualTo(agree(kernel, CACHED));
    }
  }

  @ParameterizedTest
  @MethodSource("everything")
  void whatWouldBeWrongIsNeverTaken(Inits kernel, Wishes wishes) {
    Negotiation agreed = agree(kernel, wishes);

    assertThat(agreed.flags() & (ATOMIC_O_TRUNC | POSIX_LOCKS | FLOCK_LOCKS | UNKNOWN_TO_US))
        .isZero();
    assertThat(agreed.flags() & ~((kernel.flags() & 0xffffffffL) | ((long) kernel.flags2() << 32)))
        .as("not offered")
        .isZero();
    if (agreed.writeback()) {
      assertThat(agreed.has(PASSTHROUGH_BIT)).isFalse();
      assertThat(agreed.timeouts().isZero()).isFalse();
      assertThat(wishes.writable()).isTrue();
    }
    assertThat(agreed.passthrough()).isEqualTo(agreed.has(PASSTHROUGH_BIT));
    assertThat(agreed.has(AUTO_INVAL_DATA)).isNotEqualTo(agreed.has(EXPLICIT_INVAL_DATA));
  }

  @Test
  void kernelThatOffersEverythingGetsOnlyWhatIsKnown() {
    Inits future = new Inits("later", 99, -1, -1, 64);
    for (Wishes wishes : ALL_WISHES) {
      Negotiation agreed = agree(future, wishes);

      assertThat(agreed.flags() & (ATOMIC_O_TRUNC | POSIX_LOCKS | FLOCK_LOCKS | UNKNOWN_TO_US))
          .isZero();
      assertThat(agreed.minor()).isEqualTo(45);
    }
  }

  @Test
  void kernelThatOffersNothingGetsNothing() {
    Inits bare = new Inits("bare", 31, 0, 0, 16);
    for (Wishes wishes : ALL_WISHES) {
      Negotiation agreed = agree(bare, wishes);

      assertThat(agreed.flags()).isZero();
      assertThat(agreed.noOpen()).isFalse();
      assertThat(agreed.noOpendir()).isFalse();
      assertThat(agreed.maxWrite()).isEqualTo(128 << 10);
    }
  }

  @Test
  void secondFlagsCountOnlyIfTheFirstSaySo() {
    Inits without = new Inits("odd", 38, 0x33fffffb, -1, 64);
    Inits cut = new Inits("cut", 38, 0x73fffffb, 0, 16);

    assertThat(agree(without, PASSTHROUGH).flags() >>> 32).isZero();
    assertThat(agree(cut, PASSTHROUGH).flags() >>> 32).isZero();
  }

  @Test
  void flushIsLeftOutFrom734() {
    assertThat(agree(Inits.LINUX_5_4, CACHED).noFlush()).isFalse();
    assertThat(agree(Inits.LINUX_5_4.message(7, 33), CACHED).noFlush()).isFalse();
    assertThat(agree(Inits.LINUX_5_15, CACHED).noFlush()).isTrue();
    assertThat(agree(Inits.LINUX_6_18, CACHED).noFlush()).isTrue();
    assertThat(agree(Inits.LINUX_6_18, PASSTHROUGH).noFlush()).isTrue();
  }

  @Test
  void longSetxattrFrom733() {
    assertThat(agree(Inits.LINUX_5_4, CACHED).hasLongSetxattr()).isFalse();
    assertThat(agree(Inits.LINUX_5_15, CACHED).hasLongSetxattr()).isTrue();
  }

  @Test
  void replyToOldKernel() {
    assertReply(
        agree(Inits.LINUX_5_4, CACHED_READ_ONLY),
        """
        07000000 major
        1f000000 minor
        00000200 max_readahead
        71a8f603 flags
        0010 max_background
        000c congestion_threshold
        00001000 max_write
        01000000 time_gran
        0001 max_pages
        0000 map_alignment
        00000000 flags2
        00000000 max_stack_depth
        0000 request_timeout
        """
            + "00".repeat(22));
  }

  @Test
  void replyToNewKernelWithPassthrough() {
    assertReply(
        agree(Inits.LINUX_6_18, PASSTHROUGH),
        """
        07000000 major
        2d000000 minor
        00000200 max_readahead
        71a8f463 flags
        0010 max_background
        000c congestion_threshold
        00001000 max_write
        01000000 time_gran
        0001 max_pages
        0000 map_alignment
        21000000 flags2
        01000000 max_stack_depth
        0000 request_timeout
        """
            + "00".repeat(22));
  }

  private void assertReply(Negotiation agreed, String fields) {
    try (NativeMemory room = NativeMemory.allocate(128)) {
      Reply reply = new Reply();
      reply.start(room.address(), 1);
      agreed.write(reply);
      byte[] body = new byte[reply.length() - Reply.HEADER_SIZE];
      NativeMemory.getBytes(room.address() + Reply.HEADER_SIZE, body, 0, body.length);

      assertThat(body).as("struct fuse_init_out").hasSize(64);
      assertThat(HexFormat.of().formatHex(body))
          .isEqualTo(
              fields.lines().map(line -> line.split(" ", 2)[0]).collect(Collectors.joining()));
    }
  }

  @Test
  void namesOfFlagsAreTheKernels() {
    List<String> names = new ArrayList<>();
    for (var field : InitFlags.class.getFields()) {
      names.add(field.getName());
    }
    assertThat(InitFlags.names(-1L)).containsAll(names).hasSize(43);
    assertThat(InitFlags.names(PASSTHROUGH_BIT | POSIX_ACL | KILLPRIV_V2 | ATOMIC_O_TRUNC))
        .isEqualTo(
            Arrays.asList("ATOMIC_O_TRUNC", "POSIX_ACL", "HANDLE_KILLPRIV_V2", "PASSTHROUGH"));
  }
}
