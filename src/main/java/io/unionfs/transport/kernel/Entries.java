package io.unionfs.transport.kernel;

import io.unionfs.core.DirNode;
import io.unionfs.core.FileNode;
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
  private final Opens opens;
  private final Timeouts timeouts;
  private final Timeouts unseen;

  Entries(
      UnionFileSystem fs, NodeTable nodes, AclNarrowing narrowing, Opens opens, Timeouts timeouts) {
    this.fs = fs;
    this.nodes = nodes;
    this.narrowing = narrowing;
    this.opens = opens;
    this.timeouts = timeouts;
    this.unseen = timeouts.withoutAttributes();
  }

  /** Reads the attributes as the kernel is to see them. */
  void getattr(Node node, Stat stat) throws ErrnoException {
    fs.getattr(node, stat);
    narrowing.narrow(node, stat);
  }

  /** Makes the host's attributes of a node that was just made what the kernel is to see. */
  void complete(Node made, Stat stat) throws ErrnoException {
    narrowing.forget(made);
    narrowing.narrow(made, stat);
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
    reply.entry(nodes.add(node), node.generation(), timeouts(node), stat);
  }

  /** The same for a file that the same reply opens. */
  void putOpened(Reply reply, FileNode file, Stat stat) {
    Timeouts kept = opens.passes() ? unseen : timeouts;
    reply.entry(nodes.add(file), file.generation(), kept, stat);
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

  /** How long the kernel may keep what it is told of a node. */
  Timeouts timeouts(Node node) {
    return opens.changesUnseen(node) ? unseen : timeouts;
  }
}
