package io.unionfs.image;

import io.unionfs.image.LayerUnpacking.Watcher;
import io.unionfs.image.oci.Digest;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/*
 * Every change of a file, of its attributes, or of a directory's entries gives it a new ctime, which nobody can
 * set back. Two states that are equal enclose a time in which nothing changed.
 */
/** The state of an upper, to be compared with a later one. */
public final class UpperState {
  private final MessageDigest state = Digest.sha256();
  private final ByteBuffer numbers = ByteBuffer.allocate(4 * Long.BYTES);

  private final Watcher watcher;

  private UpperState(Watcher watcher) {
    this.watcher = watcher;
  }

  /**
   * Looks at everything that an upper has. What goes away meanwhile is left out.
   *
   * @param watcher hears that the search goes on
   * @throws IOException with a message for the user
   */
  public static Digest of(Layer upper, Watcher watcher) throws IOException {
    UpperState state = new UpperState(watcher);
    try {
      Stat stat = new Stat();
      upper.root().stat(stat);
      state.add(Name.DOT, stat);
      state.addAll(upper.root(), stat);
    } catch (ErrnoException e) {
      throw new LayerException(upper + ": " + Errno.message(e.errno()), e);
    }
    return Digest.ofSha256(state.state);
  }

  private record Open(LayerDir dir, Iterator<Name> names) {}

  /* Without recursion: a tree may be deeper than a stack. */
  private void addAll(LayerDir root, Stat stat) throws IOException, ErrnoException {
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(root, names(root).iterator()));
    while (!open.isEmpty()) {
      Open at = open.element();
      if (!at.names().hasNext()) {
        open.pop();
        state.update((byte) '/');
        continue;
      }
      Interruptions.check();
      watcher.add(0, 0);
      Name name = at.names().next();
      int errno = tryStat(at.dir(), name, stat);
      if (errno == 0) {
        add(name, stat);
        if (stat.isDirectory()) {
          LayerDir child = at.dir().child(name, stat);
          open.push(new Open(child, names(child).iterator()));
        }
      } else if (!isGone(errno)) {
        throw ErrnoException.of(errno);
      }
    }
  }

  /* Sorted; none of a directory that is gone, of which its parent's state tells. */
  private static List<Name> names(LayerDir dir) throws ErrnoException {
    try {
      List<Name> names = dir.names();
      Collections.sort(names);
      return names;
    } catch (ErrnoException e) {
      if (isGone(e.errno())) {
        return List.of();
      }
      throw e;
    }
  }

  private static int tryStat(LayerDir dir, Name name, Stat stat) {
    try {
      return dir.tryStat(name, stat);
    } catch (ErrnoException e) {
      return e.errno(); // of the directory itself
    }
  }

  private static boolean isGone(int errno) {
    return errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.ESTALE;
  }

  private void add(Name name, Stat stat) {
    state.update(name.bytes());
    numbers.clear();
    numbers.putLong(stat.ino).putLong(stat.size).putLong(stat.ctime).putLong(stat.ctimeNsec);
    state.update(numbers.array());
  }
}
