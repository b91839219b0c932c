package io.unionfs.transport.jnrfuse;

import java.io.IOException;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.provider.jffi.ClosureHelper;
import jnr.ffi.types.int64_t;

/*
 * jnr-fuse drives libfuse through fuse_main_real(), which cannot be used in a library: it parses a
 * command line of Java strings, forks the JVM to run fusermount, installs signal handlers, and
 * cancels the threads of its pool with pthread_cancel() while they may be attached to the JVM. The
 * functions below are what fuse_main_real() is made of, without those parts.
 */

/** The functions of libfuse 2 that serve a mount. Pointers are plain addresses. */
final class LibFuse2 {
  private static final String FILE = "libfuse.so.2";
  private static final int MINIMUM_VERSION = 29;
  private static final int RTLD_LAZY = 1;

  /** The functions as they are; public, for the class that is made of it at run time. */
  @SuppressWarnings("MemberName") // C's names
  public interface Functions {
    @IgnoreError
    int fuse_version();

    @IgnoreError
    @int64_t
    long fuse_chan_new(
        @int64_t long operations, int fd, @int64_t long bufferSize, @int64_t long data);

    @IgnoreError
    void fuse_chan_destroy(@int64_t long channel);

    @IgnoreError
    @int64_t
    long fuse_get_session(@int64_t long fuse);

    @IgnoreError
    void fuse_session_process(
        @int64_t long session, @int64_t long request, @int64_t long size, @int64_t long channel);

    @IgnoreError
    @int64_t
    long fuse_get_context();

    @IgnoreError
    void fuse_opt_free_args(@int64_t long args);

    @IgnoreError
    int fuse_lowlevel_notify_inval_inode(
        @int64_t long channel, @int64_t long node, @int64_t long offset, @int64_t long length);

    @IgnoreError
    void fuse_destroy(@int64_t long fuse);
  }

  /** fuse_new of API 2.6. */
  public interface FuseNew {
    @Delegate
    @int64_t
    long call(
        @int64_t long channel,
        @int64_t long args,
        @int64_t long operations,
        @int64_t long operationsSize,
        @int64_t long userData);
  }

  /** {@code fuse_fill_dir_t}: takes a directory entry; not 0 if the buffer has no room for it. */
  public interface FillDir {
    @Delegate
    int call(@int64_t long buffer, @int64_t long name, @int64_t long stat, @int64_t long offset);
  }

  private final Functions functions;
  private final FuseNew fuseNew;

  private LibFuse2(Functions functions, FuseNew fuseNew) {
    this.functions = functions;
    this.fuseNew = fuseNew;
  }

  /**
   * The installed library.
   *
   * @throws IOException if there is none or it is too old; the message is for the user
   */
  static LibFuse2 load() throws IOException {
    Functions functions;
    try {
      functions = LibraryLoader.create(Functions.class).failImmediately().load(FILE);
    } catch (UnsatisfiedLinkError e) {
      throw new IOException(
          "libfuse 2 is not installed (" + FILE + "); run: apt install libfuse2", e);
    }
    // The library has four functions called fuse_new, and dlsym(3) takes the oldest, because that
    // one alone has no version.
    FuseNew fuseNew =
        LibC.INSTANCE.dlvsym(LibC.INSTANCE.dlopen(FILE, RTLD_LAZY), "fuse_new", "FUSE_2.6");
    if (functions.fuse_version() < MINIMUM_VERSION || fuseNew == null) {
      throw new IOException("libfuse 2.9 is needed; " + FILE + " is another version");
    }
    return new LibFuse2(functions, fuseNew);
  }

  /**
   * A channel, or 0 without memory.
   *
   * @param operations the address of a {@code struct fuse_chan_ops}
   * @param bufferSize the size of the buffers for requests
   */
  long newChannel(long operations, int deviceFd, int bufferSize) {
    return functions.fuse_chan_new(operations, deviceFd, bufferSize, 0);
  }

  void destroyChannel(long channel) {
    functions.fuse_chan_destroy(channel);
  }

  /** A file system on a channel, which it owns from now on; 0 if the arguments are refused. */
  long newFuse(long channel, long args, long operations, long operationsSize) {
    return fuseNew.call(channel, args, operations, operationsSize, 0);
  }

  long session(long fuse) {
    return functions.fuse_get_session(fuse);
  }

  /** Serves a request: calls our operations on this thread, and the channel for the reply. */
  void process(long session, long request, int size, long channel) {
    functions.fuse_session_process(session, request, size, channel);
  }

  /** Makes the kernel forget the attributes of a node; nothing happens if it does not know it. */
  void invalidateAttributes(long channel, long nodeId) {
    // A negative offset spares the pages.
    functions.fuse_lowlevel_notify_inval_inode(channel, nodeId, -1, 0);
  }

  /** The {@code struct fuse_context} of the request that this thread serves. */
  long context() {
    return functions.fuse_get_context();
  }

  void freeArguments(long args) {
    functions.fuse_opt_free_args(args);
  }

  /** Gives up the file system, its session and its channel. */
  void destroy(long fuse) {
    functions.fuse_destroy(fuse);
  }

  /** A function of C at an address, to be called through an interface. */
  static <T> T callable(Class<T> type, long address) {
    ClosureHelper helper = ClosureHelper.getInstance();
    return helper
        .getNativeConveter(type)
        .fromNative(
            Pointer.wrap(Runtime.getSystemRuntime(), address), helper.getFromNativeContext());
  }
}
