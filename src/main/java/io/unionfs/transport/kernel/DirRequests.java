package io.unionfs.transport.kernel;

import io.unionfs.core.DirNode;
import io.unionfs.core.Listing;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;

/** The requests that read directories. All return 0 or an errno, or throw it. */
final class DirRequests {
  /** "." and "..", whose entries the kernel does not take from a listing. */
  private static final int DOTS = 2;

  /*
   * Most programs that list a directory look at what is in it, and most read the names first: so all
   * entries come with their attributes, and not only while the kernel sees that they are asked for
   * (READDIRPLUS_AUTO). But each is a node that the kernel and the server keep, and of a huge directory
   * the names may be all that is wanted.
   */
  private static final int FILLED = 16_384;

  private final UnionFileSystem fs;
  private final NodeTable nodes;
  private final Entries entries;
  private final Snapshots snapshots;
  private final Negotiation agreed;

  /* Else an entry that the kernel knows may be one that it has to ask for again. */
  private final boolean keptForEver;

  DirRequests(UnionFileSystem fs, ServerState server) {
    this.fs = fs;
    this.nodes = server.nodes();
    this.entries = server.entries();
    this.snapshots = new Snapshots(fs);
    this.agreed = server.agreed();
    this.keptForEver = agreed.timeouts().isEndless();
  }

  int opendir(Worker worker) throws ErrnoException {
    if (agreed.noOpendir()) {
      return Errno.ENOSYS;
    }
    nodes.directory(worker.request.nodeId());
    boolean keeps = !agreed.timeouts().isZero();
    worker.reply.open(0, keeps ? Reply.FOPEN_KEEP_CACHE | Reply.FOPEN_CACHE_DIR : 0, 0);
    return 0;
  }

  int readdir(Worker worker) throws ErrnoException {
    return read(worker, false);
  }

  int readdirplus(Worker worker) throws ErrnoException {
    return read(worker, true);
  }

  private int read(Worker worker, boolean plus) throws ErrnoException {
    Request request = worker.request;
    DirNode dir = nodes.directory(request.nodeId());
    long offset = request.u64(In.IO_OFFSET);
    long asked = request.u32(In.IO_LENGTH) & 0xffffffffL;
    int size = (int) Math.min(asked, worker.room() - 1L); // a name is put with a NUL behind it
    Listing listing = snapshots.at(dir, offset);
    int from = listing.indexAfter(offset);
    Reply reply = worker.reply;
    int used = 0;
    int i = from;
    for (; i < listing.size(); i++) {
      Name name = listing.name(i);
      int need = Reply.direntSize(name.length(), plus ? Reply.ENTRY_SIZE : 0);
      if (used + need > size) {
        break;
      }
      if (plus && !isWanted(listing, i)) {
        reply.noEntry();
      } else if (plus && !putEntry(worker, dir, name)) {
        continue; // removed meanwhile
      }
      long at = reply.dirent(listing.ino(i), listing.position(i), listing.type(i), name.length());
      name.copyTo(at);
      used += need;
    }
    if (used == 0 && i < listing.size()) {
      return Errno.EINVAL;
    }
    if (used == 0) {
      snapshots.finished(dir, listing);
    }
    return 0;
  }

  private boolean isWanted(Listing listing, int i) {
    return i >= DOTS && i < FILLED && !(keptForEver && nodes.find(listing.ino(i)) != null);
  }

  /* What cannot be looked up is listed all the same: who opens it gets to see the error. */
  private boolean putEntry(Worker worker, DirNode dir, Name name) {
    try {
      Node node = entries.lookup(dir, name, worker.stat);
      if (node == null) {
        return false;
      }
      entries.put(worker.reply, node, worker.stat);
    } catch (ErrnoException e) {
      worker.reply.noEntry();
    }
    return true;
  }

  int fsyncdir(Worker worker) throws ErrnoException {
    boolean dataOnly = (worker.request.u32(In.FSYNC_FLAGS) & In.FSYNC_FDATASYNC) != 0;
    fs.fsync(nodes.directory(worker.request.nodeId()), dataOnly);
    return 0;
  }
}
