package io.unionfs.core;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.core.Nodes.FoundFile;
import io.unionfs.layer.InSpiteOfMode;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.LowerIndex;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Where the host gives a new object by itself the owner, mode and ACL it must have, it is made in its
 * place. Otherwise it is made in the work directory and gets its name when it is complete, so that no
 * crash leaves one with the wrong owner.
 */
/** The making of new names: files, directories, links. */
final class Creation {
  private final UnionState union;
  private final Sys sys;
  private final Lookup lookup;
  private final CopyUp copyUp;
  private final OpenFiles openFiles;
  private final ShownOwners owners;
  private final int serverUid;
  private final int serverGid;
  private final int serverUmask;

  Creation(UnionState union, Lookup lookup, CopyUp copyUp, OpenFiles openFiles) {
    this.union = union;
    this.sys = union.sys();
    this.lookup = lookup;
    this.copyUp = copyUp;
    this.openFiles = openFiles;
    this.owners = union.options().owners();
    this.serverUid = OwnProcess.geteuid();
    this.serverGid = OwnProcess.getegid();
    this.serverUmask = OwnProcess.umask(0);
    OwnProcess.umask(serverUmask);
  }

  FileNode regular(DirNode parent, Name name, int mode, Caller caller, Stat out)
      throws ErrnoException {
    int flags =
        Linux.O_CREAT | Linux.O_EXCL | Linux.O_RDWR | union.requireWritable().layer().quietFlags();
    return (FileNode)
        make(
            parent,
            name,
            Linux.S_IFREG | (mode & 07777),
            caller,
            out,
            (dirFd, at, bits) -> sys.openat(dirFd, at, flags, bits & 07777));
  }

  Node special(DirNode parent, Name name, int mode, long rdev, Caller caller, Stat out)
      throws ErrnoException {
    if ((mode & Linux.S_IFMT) == Linux.S_IFREG || (mode & Linux.S_IFMT) == 0) {
      return regular(parent, name, mode, caller, out);
    }
    if ((mode & Linux.S_IFMT) == Linux.S_IFCHR && rdev == 0) {
      throw ErrnoException.of(Errno.EPERM); // it would be a whiteout
    }
    return make(
        parent,
        name,
        mode,
        caller,
        out,
        (dirFd, at, bits) -> {
          union.makeSpecial(dirFd, at, bits, rdev);
          return -1;
        });
  }

  DirNode directory(DirNode parent, Name name, int mode, Caller caller, Stat out)
      throws ErrnoException {
    return (DirNode)
        make(
            parent,
            name,
            Linux.S_IFDIR | (mode & 07777),
            caller,
            out,
            (dirFd, at, bits) -> {
              sys.mkdirat(dirFd, at, bits & 07777);
              return -1;
            });
  }

  FileNode symlink(DirNode parent, Name name, byte[] target, Caller caller, Stat out)
      throws ErrnoException {
    return (FileNode)
        make(
            parent,
            name,
            Linux.S_IFLNK | 0777,
            caller,
            out,
            (dirFd, at, bits) -> {
              sys.symlinkat(target, dirFd, at);
              return -1;
            });
  }

  /* What is made has its attributes read once, for its node and for the caller. */
  private Node make(
      DirNode parent, Name name, int mode, Caller caller, Stat out, StagedObject.Maker maker)
      throws ErrnoException {
    WorkDir work = prepare(parent, name);
    LowerIndex index = lookup.index(parent);
    try (Locks.Locked locked = union.locks().write(parent)) {
      if (parent.isRemoved()) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      if (!lookup.isAbsentLocked(parent, name, index)) {
        throw ErrnoException.of(Errno.EEXIST);
      }
      SharedFd parentFd = parent.requireUpper().pin();
      int made = -1;
      boolean known = false;
      try {
        made = make(work, parent, parentFd, name, mode, caller, maker);
        Node node = register(parent, parentFd, name, out);
        node.setUnprotected(true);
        if (made >= 0) {
          openFiles.adopt((FileNode) node, made);
          made = -1;
        }
        union.cache().put(parent, name, node);
        known = true;
        return node;
      } finally {
        if (!known) {
          union.cache().forget(parent, name); // it may be there
        }
        if (made >= 0) {
          sys.close(made);
        }
        parentFd.unpin();
      }
    }
  }

  private WorkDir prepare(DirNode parent, Name name) throws ErrnoException {
    union.checkNew(name);
    if (lookup.find(parent, name) != null) {
      throw ErrnoException.of(Errno.EEXIST);
    }
    WorkDir work = union.requireWritable();
    copyUp.directory(parent);
    return work;
  }

  private void requireAbsent(DirNode parent, Name name, @Nullable LowerIndex index)
      throws ErrnoException {
    if (parent.isRemoved()) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    if (lookup.findLocked(parent, name, index) != null) {
      throw ErrnoException.of(Errno.EEXIST);
    }
  }

  private int make(
      WorkDir work,
      DirNode parent,
      SharedFd parentFd,
      Name name,
      int mode,
      Caller caller,
      StagedObject.Maker maker)
      throws ErrnoException {
    Stat parentStat = new Stat();
    parent.requireUpper().stat(parentStat);
    boolean setgid = (parentStat.mode & Linux.S_ISGID) != 0;
    int uid = owners.storedUser(caller.uid());
    boolean inRoot = parent == union.root();
    int gid =
        setgid ? owners.inheritedGroup(parentStat.gid, inRoot) : owners.storedGroup(caller.gid());
    boolean hostsGroup = gid == (setgid ? parentStat.gid : serverGid);
    boolean symlink = (mode & Linux.S_IFMT) == Linux.S_IFLNK;
    boolean inherits = !symlink && hasDefaultAcl(parent, parentFd);
    int wanted = inherits || symlink ? mode : mode & ~caller.umask();
    boolean sameOwner = uid == serverUid && hostsGroup;
    boolean sameMode = inherits || symlink || (wanted & serverUmask) == 0;
    boolean needsMark =
        (mode & Linux.S_IFMT) == Linux.S_IFDIR
            && union.marks().whiteouts().hidesBelow(parentFd.fd(), name);
    if (sameOwner && sameMode && !needsMark && union.owners() == null) {
      try {
        return maker.make(parentFd.fd(), name, wanted);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EEXIST) {
          throw e;
        }
      }
    }
    if (setgid && (mode & Linux.S_IFMT) == Linux.S_IFDIR) {
      wanted |= Linux.S_ISGID;
    }
    return new StagedObject(union, work, parent.requireUpper(), parentFd, inherits)
        .make(name, wanted, uid, gid, maker);
  }

  private boolean hasDefaultAcl(DirNode parent, SharedFd parentFd) throws ErrnoException {
    int known = parent.defaultAcl();
    if (known == DirNode.UNKNOWN) {
      known = StagedObject.defaultAcl(sys, parentFd) == null ? 0 : 1;
      parent.setDefaultAcl(known);
    }
    return known == 1;
  }

  private Node register(DirNode parent, SharedFd parentFd, Name name, Stat stat)
      throws ErrnoException {
    new HostFile(sys, parentFd.fd(), name, union.owners()).stat(stat);
    HostInode host = union.identities().host(stat.dev, stat.ino);
    int generation = Generations.ofUpper(sys, parentFd.fd(), name, stat);
    if (stat.isDirectory()) {
      parent.addSubdirectories(1);
      LayerDir upper = parent.requireUpper().child(name);
      return union
          .nodes()
          .directory(host, host.shown(), generation, parent, name, upper, List.of());
    }
    FoundFile found =
        new FoundFile(host, host.shown(), generation, stat, true, null, 0, null, null, 0, null);
    return union.nodes().file(found, parent, name, true);
  }

  /** Makes a regular file without a name ({@code O_TMPFILE}), and adds a reference to it. */
  FileNode unnamed(DirNode parent, int mode, Caller caller) throws ErrnoException {
    WorkDir work = union.requireWritable();
    copyUp.directory(parent);
    if (parent.isRemoved()) {
      throw ErrnoException.of(Errno.ENOENT);
    }
    SharedFd parentFd = parent.requireUpper().pin();
    int made = -1;
    try {
      Stat stat = new Stat();
      parent.requireUpper().stat(stat);
      int uid = owners.storedUser(caller.uid());
      boolean setgid = (stat.mode & Linux.S_ISGID) != 0;
      int gid =
          setgid
              ? owners.inheritedGroup(stat.gid, parent == union.root())
              : owners.storedGroup(caller.gid());
      boolean inherits = hasDefaultAcl(parent, parentFd);
      int wanted = inherits ? mode : mode & ~caller.umask();
      made =
          new StagedObject(union, work, parent.requireUpper(), parentFd, inherits)
              .makeUnnamed(wanted, uid, gid);
      sys.fstatx(made, stat);
      FileHandle handle = sys.handleOf(made);
      int generation = handle == null ? Generations.ofLower(stat) : Generations.ofHandle(handle);
      FileNode file =
          union.nodes().unnamed(union.identities().host(stat.dev, stat.ino), generation);
      file.setUnnamed(true);
      file.setUnprotected(true);
      file.setOrphan(new SharedFd(sys, made));
      file.addReference();
      made = -1;
      return file;
    } finally {
      if (made >= 0) {
        sys.close(made);
      }
      parentFd.unpin();
    }
  }

  private void linkUnnamed(WorkDir work, FileNode file, DirNode newParent, Name newName)
      throws ErrnoException {
    LowerIndex index = lookup.index(newParent);
    try (Locks.Locked locked = union.locks().write(newParent)) {
      requireAbsent(newParent, newName, index);
      SharedFd orphan = file.orphan();
      if (!file.isUnnamed() || orphan == null || !orphan.tryPin()) {
        throw ErrnoException.of(Errno.ENOENT);
      }
      try {
        linkFd(work, orphan, newParent, newName);
      } finally {
        orphan.unpin();
      }
      file.setUnnamed(false);
      named(file, newParent, newName);
    }
  }

  /* A file that had no name has got one. */
  private void named(FileNode file, DirNode parent, Name name) throws ErrnoException {
    file.update(at -> at.withLink(new Link(parent, name, true)));
    union.cache().put(parent, name, file);
    SharedFd own = file.takeOrphan();
    if (own != null) {
      openFiles.adopt(file, own);
    }
  }

  /*
   * All names by which a copied-up file was known are removed. Its lower has others, which are hidden or
   * which nobody has looked up yet: so it is counted, and lives in the index.
   */
  private void linkFromIndex(WorkDir work, FileNode file, DirNode newParent, Name newName)
      throws ErrnoException {
    LowerIndex index = lookup.index(newParent);
    try (Locks.Locked locked = union.locks().write(newParent)) {
      requireAbsent(newParent, newName, index);
      Name entry = file.index();
      LayerDir indexDir = work.index();
      if (entry == null || indexDir == null || file.isRemoved()) {
        throw ErrnoException.of(Errno.ENOENT); // link(2) of a file that has no name left
      }
      copyUp.markImpure(newParent);
      linkLocked(work, indexDir, entry, newParent, newName);
      named(file, newParent, newName);
    }
  }

  private void linkFd(WorkDir work, SharedFd file, DirNode newParent, Name newName)
      throws ErrnoException {
    SharedFd to = newParent.requireUpper().pin();
    try {
      Stat there = new Stat();
      int errno = sys.tryStatx(to.fd(), newName, there);
      if (errno == Errno.ENOENT) {
        sys.linkFd(file.fd(), to.fd(), newName);
      } else if (errno != 0) {
        throw ErrnoException.of(errno);
      } else {
        Name temporary = work.newName();
        SharedFd workFd = work.dir().pin();
        try {
          sys.linkFd(file.fd(), workFd.fd(), temporary);
          moveOver(work, workFd, temporary, to, newName);
        } finally {
          workFd.unpin();
        }
      }
    } finally {
      to.unpin();
    }
  }

  /* Over a whiteout, that is: nothing else can be there. */
  private void moveOver(WorkDir work, SharedFd from, Name temporary, SharedFd to, Name newName)
      throws ErrnoException {
    boolean placed = false;
    try {
      sys.renameat2(from.fd(), temporary, to.fd(), newName, 0);
      placed = true;
    } finally {
      if (!placed) {
        work.discard(temporary);
      }
    }
  }

  /** Gives a file another name. */
  void link(FileNode file, DirNode newParent, Name newName) throws ErrnoException {
    WorkDir work = prepare(newParent, newName);
    if (file.isUnnamed()) {
      linkUnnamed(work, file, newParent, newName);
      return;
    }
    copyUp.file(file);
    if (file.placement().links().isEmpty()) {
      linkFromIndex(work, file, newParent, newName);
      return;
    }
    LowerIndex index = lookup.index(newParent);
    while (true) {
      Link source = Places.upperLink(file.placement());
      if (source == null) {
        source = realName(file);
      }
      try (Locks.Locked locked = union.locks().write(newParent, source.parent())) {
        requireAbsent(newParent, newName, index);
        Link now = file.placement().linkAt(source.parent(), source.name());
        if (now == null || !now.inUpper()) {
          continue;
        }
        if (file.isForeign()) {
          copyUp.markImpure(newParent);
        }
        linkLocked(work, source.parent().requireUpper(), source.name(), newParent, newName);
        file.update(at -> at.withLink(new Link(newParent, newName, true)));
        union.cache().put(newParent, newName, file);
        return;
      }
    }
  }

  private Link realName(FileNode file) throws ErrnoException {
    List<Link> links = file.placement().links();
    if (links.isEmpty()) {
      throw ErrnoException.of(Errno.ENOENT); // link(2) of a file that has no name left
    }
    Link first = links.get(0);
    copyUp.name(file, first.parent(), first.name());
    return first;
  }

  private void linkLocked(
      WorkDir work, LayerDir sourceDir, Name source, DirNode newParent, Name newName)
      throws ErrnoException {
    InSpiteOfMode.runIn(
        sourceDir,
        () -> {
          linkOnHost(work, sourceDir, source, newParent, newName);
          return newName;
        });
  }

  private void linkOnHost(
      WorkDir work, LayerDir sourceDir, Name source, DirNode newParent, Name newName)
      throws ErrnoException {
    SharedFd from = sourceDir.pin();
    SharedFd to = null;
    try {
      to = newParent.requireUpper().pin();
      int errno = sys.tryLinkat(from.fd(), source, to.fd(), newName);
      if (errno == Errno.EEXIST) {
        overWhiteout(work, from, source, to, newName);
      } else if (errno != 0) {
        throw ErrnoException.of(errno);
      }
    } finally {
      if (to != null) {
        to.unpin();
      }
      from.unpin();
    }
  }

  private void overWhiteout(WorkDir work, SharedFd from, Name name, SharedFd to, Name newName)
      throws ErrnoException {
    Name temporary = work.newName();
    SharedFd workFd = work.dir().pin();
    try {
      sys.linkat(from.fd(), name, workFd.fd(), temporary);
      moveOver(work, workFd, temporary, to, newName);
    } finally {
      workFd.unpin();
    }
  }
}
