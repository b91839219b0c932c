package io.unionfs.transport.kernel;

import io.unionfs.core.Caller;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.kernel.codec.InitFlags;

/*
 * Behind the names of a request that makes an object (fuse.h, FUSE_SECURITY_CTX):
 *
 *   fuse_secctx_header  0 u32 size of all, 4 u32 number of contexts
 *   fuse_secctx         0 u32 size of the context, 4 u32 padding, then a name ended by NUL, then the
 *                       context; the next one is aligned to eight bytes
 */
/** The labels of a security module that a new object is to have from the start. */
final class SecurityContexts {
  private static final int HEADER_SIZE = 8;
  private static final int CONTEXT_SIZE = 8;
  private static final int MOST = 31; // FUSE_MAX_NR_SECCTX

  /* Labels are the module's business: the kernel has asked it whether the caller may. */
  private static final Caller SERVER = new Caller(0, 0, 0, 0);

  private final UnionFileSystem fs;
  private final boolean sent;

  SecurityContexts(UnionFileSystem fs, Negotiation agreed) {
    this.fs = fs;
    this.sent = agreed.has(InitFlags.SECURITY_CTX);
  }

  /**
   * Sets the labels that came with the request, and reads the attributes again if there were any.
   *
   * @throws ErrnoException {@code EINVAL} if they contradict themselves
   */
  void apply(Worker worker, Node node) throws ErrnoException {
    int length = worker.request.extensionsLength();
    if (!sent || length < HEADER_SIZE) {
      return;
    }
    long at = worker.request.extensions();
    int size = NativeMemory.getInt(at);
    int count = NativeMemory.getInt(at + 4);
    if (count == 0 || count > MOST) {
      return; // no label, or an extension of another kind
    }
    if (size < HEADER_SIZE || size > length) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    long end = at + size;
    at += HEADER_SIZE;
    for (int i = 0; i < count; i++) {
      at = applyOne(at, end, node);
    }
    fs.getattr(node, worker.stat);
  }

  private long applyOne(long at, long end, Node node) throws ErrnoException {
    if (end - at < CONTEXT_SIZE) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    int length = NativeMemory.getInt(at);
    long name = at + CONTEXT_SIZE;
    long nameEnd = name;
    while (nameEnd < end && NativeMemory.getByte(nameEnd) != 0) {
      nameEnd++;
    }
    long value = nameEnd + 1;
    if (length < 0 || value > end || end - value < length) {
      throw ErrnoException.of(Errno.EINVAL);
    }
    byte[] context = new byte[length];
    NativeMemory.getBytes(value, context, 0, length);
    fs.setxattr(node, Name.fromNative(name, (int) (nameEnd - name)), context, 0, SERVER);
    return (value + length + 7) & ~7L;
  }
}
