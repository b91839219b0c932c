package io.unionfs.control;

import io.unionfs.control.ControlSockets.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The asking end of control sockets. */
public final class ControlClient {
  private static final byte[] GET_STATUS = get("status");
  private static final byte[] GET_STATISTICS = get("stats");
  private static final int PATIENCE_MILLIS = 5000;
  private static final int MOST_BYTES = 16 << 20;

  /* A server that ends closes the connection. */
  private static final int DISCARD_MILLIS = Integer.MAX_VALUE;

  private ControlClient() {}

  private static byte[] get(String wanted) {
    return ("{\"get\":\"" + wanted + "\"}\n").getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * The status of a mount as its server tells it, a line of JSON without its end; null where no
   * socket of it is found. A socket that a dead server left is removed, unless another user left
   * it: what its path leads to is up to him.
   *
   * @param owner the user that the mount belongs to, null if unknown; root looks at his sockets too
   * @throws ErrnoException {@code EACCES} if the socket is another user's; {@code ETIMEDOUT} if the
   *     server does not answer
   */
  public static @Nullable String status(Sys sys, long mountId, @Nullable Integer owner)
      throws ErrnoException {
    return status(sys, ControlSockets.of(mountId, owner), PATIENCE_MILLIS);
  }

  /**
   * What a mount counted, as {@link #status} gives its status; the server times every request for a
   * while after it.
   */
  public static @Nullable String statistics(Sys sys, long mountId, @Nullable Integer owner)
      throws ErrnoException {
    return ask(sys, ControlSockets.of(mountId, owner), PATIENCE_MILLIS, GET_STATISTICS);
  }

  /**
   * Throws away what the upper of a mount changes at some paths and below, and waits until that is
   * done, however long it takes.
   *
   * @param paths below the union's root; {@code .} is everything
   * @return false where no socket of the mount is found
   * @throws IOException with the server's reason if it does not, or not all of it
   * @throws ErrnoException as {@link #status}; {@code EMSGSIZE} if the paths do not fit in a
   *     request
   */
  public static boolean discard(Sys sys, long mountId, @Nullable Integer owner, List<Name> paths)
      throws IOException, ErrnoException {
    return discard(sys, ControlSockets.of(mountId, owner), paths);
  }

  static boolean discard(Sys sys, List<Place> places, List<Name> paths)
      throws IOException, ErrnoException {
    byte[] request = StatusWriter.discard(paths);
    if (request.length > ControlServer.MOST_LINE_BYTES) {
      throw ErrnoException.of(Errno.EMSGSIZE);
    }
    String answer = ask(sys, places, DISCARD_MILLIS, request);
    if (answer == null) {
      return false;
    }
    if (!answer.equals("{\"discarded\":true}")) {
      throw new IOException(ErrorReader.error(answer));
    }
    return true;
  }

  static @Nullable String status(Sys sys, List<Place> places, int millis) throws ErrnoException {
    return ask(sys, places, millis, GET_STATUS);
  }

  private static @Nullable String ask(Sys sys, List<Place> places, int millis, byte[] request)
      throws ErrnoException {
    ErrnoException denied = null;
    for (Place place : places) {
      int connectMillis = Math.min(millis, PATIENCE_MILLIS);
      try (UnixSocket server = UnixSocket.connect(sys, place.path(), connectMillis)) {
        server.write(request);
        return readLine(server, millis);
      } catch (ErrnoException e) {
        switch (e.errno()) {
          case Errno.ENOENT -> {
            // perhaps at the next place
          }
          case Errno.ECONNREFUSED -> {
            if (place.own()) {
              removeStale(sys, place.path());
            }
          }
          case Errno.EACCES, Errno.EPERM -> denied = e;
          default -> throw e;
        }
      }
    }
    if (denied != null) {
      throw denied;
    }
    return null;
  }

  private static void removeStale(Sys sys, byte[] path) throws ErrnoException {
    int errno = sys.tryUnlinkat(Linux.AT_FDCWD, Name.of(path), 0);
    if (errno != 0 && errno != Errno.ENOENT) {
      throw ErrnoException.of(errno);
    }
  }

  static String readLine(UnixSocket server, int millis) throws ErrnoException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] part = new byte[8 << 10];
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (line.size() < MOST_BYTES) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0 || !server.awaitReadable((int) left)) {
        throw ErrnoException.of(Errno.ETIMEDOUT);
      }
      int read = server.read(part, 0);
      if (read == 0) {
        throw ErrnoException.of(Errno.ECONNRESET);
      }
      if (part[read - 1] == '\n') {
        line.write(part, 0, read - 1);
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(part, 0, read);
    }
    throw ErrnoException.of(Errno.EMSGSIZE);
  }
}
