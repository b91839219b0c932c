package io.unionfs.transport.kernel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.unionfs.core.DirNode;
import io.unionfs.core.FileNode;
import io.unionfs.core.Outdated;
import io.unionfs.core.Outdated.ChangedName;
import io.unionfs.sys.Errno;
import io.unionfs.transport.AclNarrowing;
import java.util.concurrent.locks.ReentrantLock;

/*
 * A name, a directory, or a file of which the kernel knows nothing is left out. Should it get to know it in
 * this moment, it asks, and is told what is so by now.
 */
/** What changed by other means than the kernel's requests, made known to it. */
final class Forgetting {
  private final NodeTable nodes;
  private final Notices notices;
  private final AclNarrowing narrowing;

  /* Held for one notice at a time: the device must not be closed under it. */
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private boolean ended;

  Forgetting(NodeTable nodes, Notices notices, AclNarrowing narrowing) {
    this.nodes = nodes;
    this.notices = notices;
    this.narrowing = narrowing;
  }

  /** Has the kernel forget, and returns when it did; waits for requests that run. */
  void forget(Outdated outdated) {
    narrowing.forgetAll();
    for (ChangedName name : outdated.names()) {
      long parent = nodes.idOf(name.parent());
      if (parent != 0) {
        tell(() -> notices.nameChanged(parent, name.name()));
      }
    }
    for (DirNode dir : outdated.directories()) {
      long id = nodes.idOf(dir);
      if (id != 0) {
        tell(() -> notices.directoryChanged(id));
      }
    }
    for (FileNode file : outdated.files()) {
      long id = nodes.idOf(file);
      if (id != 0) {
        tell(() -> notices.attributesChanged(id));
      }
    }
  }

  /**
   * Asks the kernel to forget nodes that nothing uses.
   *
   * @return 0 or an errno: {@code EINVAL} if it does not know how, {@code ENODEV} after {@link
   *     #end}
   */
  int prune(long[] nodeIds, int number) {
    lock.lock();
    try {
      return ended ? Errno.ENODEV : notices.prune(nodeIds, number);
    } finally {
      lock.unlock();
    }
  }

  private void tell(Runnable notice) {
    lock.lock();
    try {
      if (!ended) {
        notice.run();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the notice that is on its way, if any, and lets no more of them out. */
  void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }
}
