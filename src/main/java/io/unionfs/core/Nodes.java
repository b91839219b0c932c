package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.core.LiveNodes.Known;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.ProtectionMark;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/*
 * A node is found again by the host inode that holds its content: of the upper file once there is
 * one, else of the lower. A lower file that was copied up stays known by both. References are weak:
 * a node lives as long as a handle, the kernel, a child, or the lookup cache holds it, and while it
 * lives nobody makes a second one for the same file.
 */
/** The nodes that are alive, one per file. */
final class Nodes {
  private final AtomicLong nextId = new AtomicLong(1);
  private final LiveNodes byHost = new LiveNodes();
  private final boolean shared;

  /* Whether a copied-up file may have lost a name under which the lower's file shows again. */
  private volatile boolean discarded;

  /**
   * @param shared whether others change the layers behind the union
   */
  Nodes(boolean shared) {
    this.shared = shared;
  }

  /** To be called before changes are discarded. */
  void discarding() {
    discarded = true;
  }

  /** How many there are, roughly: with those that nobody refers to any more. */
  long size() {
    return byHost.size();
  }

  DirNode root(long ino, int generation, @Nullable LayerDir upper, List<LayerDir> lowers) {
    return new DirNode(nextId.getAndIncrement(), ino, generation, null, Name.DOT, upper, lowers);
  }

  /** A directory that no path leads to and nobody finds, which messages show as another one. */
  DirNode hidden(LayerDir upper, DirNode shownAs) {
    return new DirNode(
        nextId.getAndIncrement(),
        shownAs.ino(),
        shownAs.generation(),
        shownAs.parent(),
        shownAs.name(),
        upper,
        List.of());
  }

  /** The directory's node at a place, made if it is not alive. */
  DirNode directory(
      HostInode host,
      long ino,
      int generation,
      DirNode parent,
      Name name,
      @Nullable LayerDir upper,
      List<LayerDir> lowers) {
    Node node =
        byHost.compute(
            host,
            known ->
                known instanceof DirNode dir && !dir.isRemoved() && dir.isAt(parent, name)
                    ? dir
                    : new DirNode(
                        nextId.getAndIncrement(), ino, generation, parent, name, upper, lowers));
    return (DirNode) node;
  }

  /** What a lookup found out about a file that may be new. */
  record FoundFile(
      HostInode host,
      long ino,
      int generation,
      Stat stat,
      boolean inUpper,
      @Nullable Name index,
      int nlinkDifference,
      @Nullable LayerDir lowerDir,
      @Nullable Name lowerName,
      int lowerNlink,
      @Nullable Place data) {
    /** Whether the content is the upper's and the number shown that of a lower. */
    boolean foreign() {
      return inUpper && ino != host.shown();
    }

    /** Whether it is known that nothing protects it: one in the upper may be marked. */
    boolean unprotected() {
      return !inUpper && ProtectionMark.ofHost(stat) == 0;
    }
  }

  /** The file's node, made if it is not alive, and known under this name from here on. */
  FileNode file(FoundFile found, DirNode parent, Name name, boolean nameInUpper) {
    Node node =
        byHost.compute(
            found.host(),
            known -> {
              if (known instanceof FileNode file
                  && !file.isRemoved()
                  && file.type() == found.stat().type()
                  && !isApart(file, found, parent, name)) {
                if (!file.hasLinkAt(parent, name)) {
                  Link link = new Link(parent, name, nameInUpper);
                  file.update(now -> now.withLink(link));
                }
                followLower(file, found, parent, name);
                return file;
              }
              FileNode file = make(found, parent, name, nameInUpper);
              if (found.nlinkDifference() != 0) {
                file.setNlinkDifference(found.nlinkDifference());
              }
              if (found.data() != null) {
                file.setData(found.data());
              }
              if (found.foreign()) {
                file.setForeign();
              }
              file.setUnprotected(found.unprotected());
              return file;
            });
    return (FileNode) node;
  }

  /*
   * A lower's file is found under a name of which the upper has nothing, and the node was copied up: its
   * copy has another name, and this one's was discarded. With an entry in the index it is one file. Where
   * the lowers have no file handles, so that there is no index, all names are one node as long as it lives;
   * after a discard only those that are known already: which of the others it gave back is not noted.
   */
  private boolean isApart(FileNode file, FoundFile found, DirNode parent, Name name) {
    if (!discarded || found.inUpper()) {
      return false;
    }
    Placement now = file.placement();
    Link known = now.linkAt(parent, name);
    return now.copiedUp() && now.index() == null && (known == null || known.inUpper());
  }

  /*
   * The name that was just found is one that the lower has. Where others rename behind the union, those
   * known before may be gone: a file with one link has only this one, and of several the copy of the
   * file is to get this one first. Overlapping lowers give a file with one link two names.
   */
  private void followLower(FileNode file, FoundFile found, DirNode parent, Name name) {
    LayerDir dir = found.lowerDir();
    Name lowerName = found.lowerName();
    if (dir == null || lowerName == null || !file.hasLower()) {
      return;
    }
    boolean single = found.lowerNlink() == 1;
    if (shared || single) {
      file.setLower(dir, lowerName);
    }
    if (shared && !file.copiedUp()) {
      Link link = new Link(parent, name, false);
      file.update(now -> now.copiedUp() ? now : now.withFirst(link, single));
    }
  }

  private FileNode make(FoundFile found, DirNode parent, Name name, boolean nameInUpper) {
    long id = nextId.getAndIncrement();
    long ino = found.ino();
    int type = found.stat().type();
    LayerDir dir = found.lowerDir();
    Name lowerName = found.lowerName();
    boolean asInUnion = lowerName != null && lowerName.equals(name);
    if (dir != null && asInUnion && !found.inUpper()) {
      return new FileNode(id, ino, type, found.generation(), parent, name, dir, found.lowerNlink());
    }
    Link link = new Link(parent, name, nameInUpper);
    return new FileNode(
        id,
        ino,
        type,
        found.generation(),
        new Placement(found.inUpper(), List.of(link), found.index()),
        dir == null || lowerName == null ? null : new Place(dir, lowerName),
        found.lowerNlink());
  }

  /** A new regular file of the upper that has no name. */
  FileNode unnamed(HostInode host, int generation) {
    FileNode file =
        new FileNode(
            nextId.getAndIncrement(),
            host.shown(),
            Linux.S_IFREG,
            generation,
            new Placement(true, List.of(), null),
            null,
            0);
    byHost.put(host, file);
    return file;
  }

  /** Makes a node known by another host inode as well: that of its copy in the upper. */
  void alias(HostInode host, Node node) {
    byHost.put(host, node);
  }

  /** Forgets a copy that was not finished. */
  void forgetCopy(Node node) {
    byHost.remove(node.knownCopy());
  }

  /** The node that is known by a host inode, null if there is none alive. */
  @Nullable Node find(HostInode host) {
    return byHost.find(host);
  }

  /** Forgets the host inodes of a node but this one. */
  void forgetOthers(Node node, HostInode kept) {
    for (Known each : new @Nullable Known[] {node.known(), node.knownCopy()}) {
      if (each != null && !each.isOf(kept)) {
        byHost.remove(each);
      }
    }
  }

  /** Forgets the host inodes of a removed node, whose numbers the host may use again. */
  void forgetAll(Node node) {
    byHost.remove(node.known());
    byHost.remove(node.knownCopy());
  }
}
