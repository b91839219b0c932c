package io.unionfs.control;

import io.unionfs.control.ControlSockets.Place;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import io.unionfs.sys.UnixSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a mount that wait until this is closed. The server lets go by itself if it hears
 * nothing for some seconds; see {@link #goOn}. For one thread.
 */
public final class HeldChanges implements AutoCloseable {
  private static final byte[] HOLD = "{\"get\":\"hold\"}\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ALIVE = {'\n'};
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int PATIENCE_MILLIS = 10_000;

  private final UnixSocket server;
  private long last = System.nanoTime();

  private HeldChanges(UnixSocket server) {
    this.server = server;
  }

  /**
   * Makes a mount's changes wait.
   *
   * @return null if its server cannot do that, or a change does not end
   * @throws ErrnoException as {@link ControlClient#status}
   */
  public static @Nullable HeldChanges of(Sys sys, long mountId, @Nullable Integer owner)
      throws ErrnoException {
    for (Place place : ControlSockets.of(mountId, owner)) {
      HeldChanges held = at(sys, place);
      if (held != null) {
        return held;
      }
    }
    return null;
  }

  static @Nullable HeldChanges at(Sys sys, Place place) throws ErrnoException {
    UnixSocket server;
    try {
      server = UnixSocket.connect(sys, place.path(), PATIENCE_MILLIS);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) {
        return null;
      }
      throw e;
    }
    boolean held = false;
    try {
      server.write(HOLD);
      held = ControlClient.readLine(server, PATIENCE_MILLIS).equals("{\"held\":true}");
      return held ? new HeldChanges(server) : null;
    } finally {
      if (!held) {
        server.close();
      }
    }
  }

  /**
   * Says that the work goes on; to be called often.
   *
   * @throws ErrnoException {@code EPIPE} if the server has let go
   */
  public void goOn() throws ErrnoException {
    long now = System.nanoTime();
    if (now - last >= PAUSE_NANOS) {
      last = now;
      server.write(ALIVE);
    }
  }

  /** Whether changes have waited all the time until now. */
  public boolean isHeld() throws ErrnoException {
    return !server.awaitReadable(0); // it has nothing to say but its end
  }

  /** Lets changes go on. */
  @Override
  public void close() {
    server.close();
  }
}
