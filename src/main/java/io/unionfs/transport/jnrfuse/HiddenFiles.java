package io.unionfs.transport.jnrfuse;

import io.unionfs.core.DirNode;
import io.unionfs.core.Node;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/*
 * libfuse's high-level API speaks paths, and an open file that is unlinked has none. So libfuse
 * renames it to ".fuse_hidden" + node id + counter in the same directory, and unlinks that name
 * when the file is closed. We play along without doing it: the file is really unlinked (or
 * replaced, if a rename hides its target), and from then on the hidden name is just libfuse's word
 * for the node. Nothing shows in the directory or in the upper, the directory can be removed, and
 * nothing is left behind by a crash.
 *
 * A name belongs to this table, and not to a file that a program happens to call that way, by what
 * the kernel asked for: libfuse hides inside UNLINK and RENAME requests, with a target that the
 * request does not contain, and cleans up inside any request but UNLINK.
 *
 * Entries are found by directory node and name, because libfuse rebuilds paths from its node tree:
 * after a rename of the directory the path is another one. After a removal of the directory there
 * is none, and libfuse answers ENOENT by itself, except where it needs no path: with a handle. So
 * each entry has a handle, and a GETATTR without one (fstat(2) sends none) is given that.
 */

/** The unlinked files that programs still have open, by the names that libfuse calls them. */
final class HiddenFiles {
  private static final Name PREFIX = Name.of(".fuse_hidden");
  private static final int NODE_ID_DIGITS = 8;

  private static final int GETATTR_FLAGS = RequestThread.HEADER_SIZE;
  private static final int GETATTR_FH = RequestThread.HEADER_SIZE + 8;
  private static final int FLAG_FH = 1;

  private record Key(DirNode parent, Name name) {}

  private record Entry(Key key, Node node, long handle, long kernelNodeId) {}

  private final Handles handles;
  private final ConcurrentHashMap<Key, Entry> byName = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, Entry> byKernelNode = new ConcurrentHashMap<>();

  HiddenFiles(Handles handles) {
    this.handles = handles;
  }

  /** Remembers a node by its hidden name; from here on it needs no other. */
  void add(DirNode parent, Name name, Node node) {
    Key key = new Key(parent, name);
    Entry entry = new Entry(key, node, handles.open(node), kernelNodeId(name));
    byName.put(key, entry);
    byKernelNode.put(entry.kernelNodeId, entry);
  }

  /** The node that libfuse calls by that name, or null if it is an ordinary name. */
  @Nullable Node find(DirNode parent, Name name) {
    if (byName.isEmpty() || !name.startsWith(PREFIX)) {
      return null;
    }
    Entry entry = byName.get(new Key(parent, name));
    return entry == null ? null : entry.node;
  }

  /** Forgets a hidden name; false if it is an ordinary name. */
  boolean remove(DirNode parent, Name name) {
    Entry entry = byName.remove(new Key(parent, name));
    if (entry == null) {
      return false;
    }
    close(entry);
    return true;
  }

  /**
   * Forgets the hidden names of a node that no program has open any more. libfuse does it by {@link
   * #remove}, but not where it has lost the path.
   */
  void forget(Node node) {
    if (byName.isEmpty()) {
      return;
    }
    for (Entry entry : byName.values()) {
      if (entry.node == node
          && handles.count(node) == names(node)
          && byName.remove(entry.key, entry)) {
        close(entry);
      }
    }
  }

  /** Whether the kernel's node is a hidden file. libfuse shows one link less for those. */
  boolean isHidden(long kernelNodeId) {
    return !byKernelNode.isEmpty() && byKernelNode.containsKey(kernelNodeId);
  }

  /** Gives a GETATTR request for a hidden file the handle that lets it work without a path. */
  void redirectGetattr(long request) {
    if (byKernelNode.isEmpty()) {
      return;
    }
    Entry entry = byKernelNode.get(NativeMemory.getLong(request + 16));
    if (entry != null) {
      int flags = NativeMemory.getInt(request + GETATTR_FLAGS);
      NativeMemory.putInt(request + GETATTR_FLAGS, flags | FLAG_FH);
      NativeMemory.putLong(request + GETATTR_FH, entry.handle);
    }
  }

  private int names(Node node) {
    int count = 0;
    for (Entry entry : byName.values()) {
      if (entry.node == node) {
        count++;
      }
    }
    return count;
  }

  private void close(Entry entry) {
    byKernelNode.remove(entry.kernelNodeId, entry);
    handles.close(entry.handle);
  }

  /** libfuse prints the node id into the hidden name. */
  private static long kernelNodeId(Name name) {
    byte[] bytes = name.bytes();
    int start = PREFIX.length();
    if (bytes.length < start + NODE_ID_DIGITS) {
      return 0;
    }
    String digits = new String(bytes, start, NODE_ID_DIGITS, StandardCharsets.ISO_8859_1);
    return Long.parseLong(digits, 16);
  }
}
