package io.unionfs.transport.kernel;

import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.InitFlags;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import io.unionfs.transport.kernel.codec.Timeouts;

/**
 * What server and kernel agree on at the start of a connection. docs/TRANSPORT-KERNEL.md gives the
 * reason for each feature.
 *
 * @param minor the protocol's minor version that both speak; the major one is 7
 * @param flags the features in use, of {@link InitFlags}
 * @param maxWrite the most bytes of data in a request or reply
 * @param maxReadahead as the kernel offers it, in bytes
 * @param passthrough whether files may get a backing file
 * @param timeouts how long the kernel may keep names and attributes
 * @param noOpen whether OPEN is answered {@code ENOSYS}, so that there are no handles
 */
record Negotiation(
    int minor,
    long flags,
    int maxWrite,
    int maxReadahead,
    boolean passthrough,
    Timeouts timeouts,
    boolean noOpen) {
  static final int MAJOR = 7;

  /** The newest protocol that this server knows. */
  static final int NEWEST_MINOR = 45;

  /** Linux 5.4. */
  static final int OLDEST_MINOR = 31;

  /** From here on the kernel reports errors of write-back at close also without FLUSH. */
  private static final int NO_FLUSH_MINOR = 34;

  private static final int NO_MAX_PAGES_BYTES = 128 << 10;
  private static final int MOST_BYTES = 1 << 20;
  private static final int PAGE = 4096;

  /*
   * Requests of write-back that wait behind a copy-up stay unanswered, and must not use up what the
   * kernel sends in the background, reads ahead of other files among it.
   */
  private static final int MAX_BACKGROUND = 4096;
  private static final int CONGESTION_THRESHOLD = 3072;

  private static final long ALWAYS =
      InitFlags.ASYNC_READ
          | InitFlags.BIG_WRITES
          | InitFlags.DONT_MASK
          | InitFlags.HAS_IOCTL_DIR
          | InitFlags.EXPORT_SUPPORT
          | InitFlags.DO_READDIRPLUS
          | InitFlags.ASYNC_DIO
          | InitFlags.PARALLEL_DIROPS
          | InitFlags.ABORT_ERROR
          | InitFlags.MAX_PAGES
          | InitFlags.SETXATTR_EXT
          | InitFlags.INIT_EXT
          | InitFlags.SECURITY_CTX;

  /** Agrees with a kernel of at least {@link #OLDEST_MINOR}, whose INIT request this is. */
  static Negotiation with(Request init, Wishes wishes) {
    int minor = Math.min(init.u32(In.INIT_MINOR), NEWEST_MINOR);
    long offered = init.u32(In.INIT_FLAGS) & 0xffffffffL;
    if ((offered & InitFlags.INIT_EXT) != 0 && init.payloadLength() >= Integer.BYTES) {
      offered |= (init.u32(In.INIT_FLAGS2) & 0xffffffffL) << Integer.SIZE;
    }
    boolean passthrough = wishes.passthrough() && (offered & InitFlags.PASSTHROUGH) != 0;
    long flags = offered & wanted(wishes, passthrough);
    boolean noOpen = !passthrough && (flags & InitFlags.NO_OPEN_SUPPORT) != 0;
    return new Negotiation(
        minor,
        flags,
        (flags & InitFlags.MAX_PAGES) != 0 ? MOST_BYTES : NO_MAX_PAGES_BYTES,
        init.u32(In.INIT_MAX_READAHEAD),
        passthrough,
        Timeouts.of(wishes.timeoutSeconds()),
        noOpen);
  }

  private static long wanted(Wishes wishes, boolean passthrough) {
    long flags = ALWAYS;
    if (wishes.acl()) {
      flags |= InitFlags.POSIX_ACL;
    }
    if (passthrough) {
      flags |= InitFlags.PASSTHROUGH;
    } else {
      flags |= InitFlags.HANDLE_KILLPRIV_V2;
    }
    if (wishes.shared()) {
      return flags | InitFlags.AUTO_INVAL_DATA;
    }
    flags |=
        InitFlags.EXPLICIT_INVAL_DATA | InitFlags.CACHE_SYMLINKS | InitFlags.NO_OPENDIR_SUPPORT;
    if (!passthrough) {
      flags |= InitFlags.NO_OPEN_SUPPORT;
      if (wishes.writable() && wishes.writeback()) {
        flags |= InitFlags.WRITEBACK_CACHE;
      }
    }
    return flags;
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }

  /** Whether SETXATTR comes with flags of its own. */
  boolean hasLongSetxattr() {
    return has(InitFlags.SETXATTR_EXT);
  }

  /** Whether the kernel keeps written data, and with it size and mtime. */
  boolean writeback() {
    return has(InitFlags.WRITEBACK_CACHE);
  }

  /** Whether OPENDIR is answered {@code ENOSYS}. */
  boolean noOpendir() {
    return has(InitFlags.NO_OPENDIR_SUPPORT);
  }

  /** Whether FLUSH is answered {@code ENOSYS}. */
  boolean noFlush() {
    return minor >= NO_FLUSH_MINOR && !timeouts.isZero();
  }

  /** Writes {@code fuse_init_out}. */
  void write(Reply reply) {
    reply.u32(MAJOR);
    reply.u32(minor);
    reply.u32(maxReadahead);
    reply.u32((int) flags);
    reply.u32(MAX_BACKGROUND | CONGESTION_THRESHOLD << Short.SIZE);
    reply.u32(maxWrite);
    reply.u32(1); // time granularity in nanoseconds
    reply.u32(maxWrite / PAGE);
    reply.u32((int) (flags >>> Integer.SIZE));
    reply.u32(passthrough ? 1 : 0); // max_stack_depth
    reply.u64(0); // request_timeout and what is not used yet
    reply.u64(0);
    reply.u64(0);
  }
}
