package io.unionfs.transport.kernel;

import io.unionfs.core.DirNode;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.transport.AclNarrowing;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Timeouts;
import org.jspecify.annotations.Nullable;

/** Nodes and attributes on their way to the kernel. */
final class Entries {
  private final UnionFileSystem fs;
  private final NodeTable nodes;
  private final AclNarrowing narrowing;
  private final Timeouts timeouts;

  Entries(UnionFileSystem fs, NodeTable nodes, AclNarrowing narrowing, Timeouts timeouts) {
    this.fs = fs;
    this.nodes = nodes;
    this.narrowing = narrowing;
    this.timeouts = timeouts;
  }

  /** Reads the attributes as the kernel is to see them. */
  void getattr(Node node, Stat stat) throws ErrnoException {
    fs.getattr(node, stat);
    narrowing.narrow(node, stat);
  }

  /** The node of a name with its attributes, or null where there is none. */
  @Nullable Node lookup(DirNode parent, Name name, Stat stat) throws ErrnoException {
    Node node = fs.lookup(parent, name, stat);
    if (node != null) {
      narrowing.narrow(node, stat);
    }
    return node;
  }

  /** Appends the entry of a node whose attributes were read; the kernel counts it as a lookup. */
  void put(Reply reply, Node node, Stat stat) {
    reply.entry(nodes.add(node), node.generation(), timeouts, stat);
  }

  /** The same, reading the attributes. */
  void put(Worker worker, Node node) throws ErrnoException {
    getattr(node, worker.stat);
    put(worker.reply, node, worker.stat);
  }

  /** Appends the answer that a name does not exist. */
  void putNegative(Reply reply) {
    reply.negativeEntry(timeouts);
  }

  Timeouts timeouts() {
    return timeouts;
  }
}
