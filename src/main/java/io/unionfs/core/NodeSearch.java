package io.unionfs.core;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Listings tell inode numbers, so only directories on the way are looked up, and one name at the end.
 * Nothing is remembered: file handles that outlive the kernel's memory of a file are rare, and a table
 * of them would cost memory for every file ever seen.
 */
/** The search for the file that an inode number belongs to. */
final class NodeSearch {
  private static final Logger log = LoggerFactory.getLogger(NodeSearch.class);

  private final Lookup lookup;
  private final Listings listings;
  private final DirNode root;

  NodeSearch(Lookup lookup, Listings listings, DirNode root) {
    this.lookup = lookup;
    this.listings = listings;
    this.root = root;
  }

  /** The node, or null if no name in the union has that number. */
  @Nullable Node find(long ino) throws ErrnoException {
    if (ino == root.ino()) {
      return root;
    }
    Deque<DirNode> left = new ArrayDeque<>();
    left.add(root);
    while (!left.isEmpty()) {
      if (Thread.currentThread().isInterrupted()) {
        throw ErrnoException.of(Errno.EINTR);
      }
      Node found = search(left.remove(), ino, left);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private @Nullable Node search(DirNode dir, long ino, Deque<DirNode> left) {
    try {
      Listing listing = listings.read(dir);
      for (int i = 2; i < listing.size(); i++) {
        boolean directory = listing.type(i) == Linux.DT_DIR;
        if (listing.ino(i) != ino && !directory) {
          continue;
        }
        Node node = find(dir, listing.name(i));
        if (node != null && node.ino() == ino) {
          return node;
        }
        if (node instanceof DirNode below) {
          left.add(below);
        }
      }
    } catch (ErrnoException e) {
      log.debug("{} is left out of a search: {}", dir, e.getMessage());
    }
    return null;
  }

  private @Nullable Node find(DirNode dir, Name name) {
    try {
      return lookup.find(dir, name);
    } catch (ErrnoException e) {
      log.debug("{} in {} is left out of a search: {}", name, dir, e.getMessage());
      return null;
    }
  }
}
