package io.unionfs.transport;

import io.unionfs.core.Outdated;
import io.unionfs.statistics.Requests;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A live mount: the threads that serve it and the entry in the kernel's mount table. Safe for use
 * by several threads. The union it serves is not closed with it.
 */
public interface Session extends AutoCloseable {
  /** The transport's name, as in {@link Transport#key()}. */
  String transport();

  /** The mount's number in mount tables, or -1 where it is in none that this process sees. */
  long mountId();

  /** How file data gets to the layers, with the reason where that is not as asked for. */
  String ioProfile();

  /** What was agreed on with the kernel, by the kernel's names. */
  List<String> features();

  /** The requests that were served. */
  Requests requests();

  /** How many nodes the kernel knows, or -1 where a library keeps that to itself. */
  long knownNodes();

  /** Why {@link #forget} is not to be had; null where it is. */
  @Nullable String forgetRefusal();

  /**
   * Has the kernel forget what it remembers of names, directories and files that changed by other
   * means than its requests; the next who asks gets to see them as they are. To be called without
   * any lock, by a thread that answers no requests: it waits for some that run.
   *
   * @throws UnsupportedOperationException if {@link #forgetRefusal} says why
   */
  void forget(Outdated outdated);

  /**
   * Waits until the mount is gone and everything that served it is given up, whoever ended it:
   * {@link #unmount}, umount(8), fusermount3, or an abort of the connection.
   */
  void awaitEnd() throws InterruptedException;

  /** Whether the session is over, in the sense of {@link #awaitEnd}. */
  boolean ended();

  /**
   * Takes the mount out of the mount table; nothing happens if it is not there any more.
   *
   * @param lazy detach at once and serve on until the last user is gone
   * @throws MountBusyException if the mount is in use and {@code lazy} is false
   * @throws IOException if the kernel or fusermount3 refuses; the message is for the user
   */
  void unmount(boolean lazy) throws IOException;

  /** Unmounts, lazily if the mount is in use, and waits for the end. */
  @Override
  void close() throws IOException;
}
