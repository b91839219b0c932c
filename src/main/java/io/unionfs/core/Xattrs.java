package io.unionfs.core;

import io.unionfs.layer.Marks;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Extended attributes as the union shows them: without marks, with escaped names restored. */
final class Xattrs {
  private static final Name USER = Name.of("user.");
  private static final Name TRUSTED = Name.of("trusted.");
  private static final Name SECURITY = Name.of("security.");
  private static final Name ACL = Name.of("system.posix_acl_");
  private static final Name ACCESS_ACL = Name.of("system.posix_acl_access");
  private static final Name DEFAULT_ACL = Name.of("system.posix_acl_default");

  private final UnionState union;
  private final Places places;
  private final CopyUp copyUp;
  private final Protection protection;
  private final Attributes attributes;

  Xattrs(
      UnionState union,
      Places places,
      CopyUp copyUp,
      Protection protection,
      Attributes attributes) {
    this.union = union;
    this.places = places;
    this.copyUp = copyUp;
    this.protection = protection;
    this.attributes = attributes;
  }

  /* xattr(7): user attributes are only for regular files and directories. */
  private static void requireAllowed(Node node, Name name) throws ErrnoException {
    boolean plain = node instanceof DirNode || (node instanceof FileNode file && file.isRegular());
    if (!plain && name.startsWith(USER)) {
      throw ErrnoException.of(Errno.EPERM);
    }
  }

  private void requireSupported(Name name) throws ErrnoException {
    if (!union.options().xattrs() || (!union.options().acl() && name.startsWith(ACL))) {
      throw ErrnoException.of(Errno.EOPNOTSUPP);
    }
  }

  /** The value, or null for {@code ENODATA}. */
  byte @Nullable [] get(Node node, Name name) throws ErrnoException {
    requireSupported(name);
    if (node.isPlain() && isComplete(name)) {
      return null;
    }
    Name onDisk = Marks.toDisk(name);
    if (onDisk == null) {
      return null;
    }
    byte[] value =
        name.startsWith(ACL)
            ? attributes.showAcl(node, () -> read(node, onDisk))
            : read(node, onDisk);
    if (value == null) {
      notePlain(node);
    }
    return value;
  }

  /* What the host may have, and so be without. Any other name is an error, which the host tells. */
  private static boolean isComplete(Name name) {
    return isLongerThan(name, USER)
        || isLongerThan(name, TRUSTED)
        || isLongerThan(name, SECURITY)
        || name.equals(ACCESS_ACL)
        || name.equals(DEFAULT_ACL);
  }

  private static boolean isLongerThan(Name name, Name prefix) {
    return name.length() > prefix.length() && name.startsWith(prefix);
  }

  private byte @Nullable [] read(Node node, Name onDisk) throws ErrnoException {
    return places.with(node, host -> Optional.ofNullable(host.getxattr(onDisk))).orElse(null);
  }

  /* Who asks for one that is not there will ask for others that are not there either: ls(1) does. */
  private void notePlain(Node node) throws ErrnoException {
    if (union.options().isShared()) {
      return;
    }
    int version = node.xattrVersion();
    for (Name name : Marks.split(hostList(node))) {
      if (Marks.toUnion(name) != null) {
        return;
      }
    }
    node.setPlain(version);
  }

  /** The access ACL, whatever the options say; null where there is none. */
  byte @Nullable [] accessAcl(Node node) throws ErrnoException {
    if (node.isPlain()) {
      return null;
    }
    try {
      return attributes.showAcl(node, () -> read(node, ACCESS_ACL));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return null; // the layer cannot have any
      }
      throw e;
    }
  }

  /** The names as listxattr(2) gives them; {@code trusted.*} only for a privileged caller. */
  byte[] list(Node node, Caller caller) throws ErrnoException {
    if (!union.options().xattrs()) {
      throw ErrnoException.of(Errno.EOPNOTSUPP);
    }
    if (node.isPlain()) {
      return new byte[0];
    }
    int version = node.xattrVersion();
    byte[] onDisk = hostList(node);
    ByteArrayOutputStream shown = new ByteArrayOutputStream(onDisk.length);
    boolean any = false;
    for (Name name : Marks.split(onDisk)) {
      Name visible = Marks.toUnion(name);
      if (visible == null) {
        continue;
      }
      any = true;
      if (!union.options().acl() && visible.startsWith(ACL)) {
        continue;
      }
      if (caller.uid() == 0 || !visible.startsWith(TRUSTED)) {
        shown.writeBytes(visible.bytes());
        shown.write(0);
      }
    }
    if (!any && !union.options().isShared()) {
      node.setPlain(version);
    }
    return shown.toByteArray();
  }

  private byte[] hostList(Node node) throws ErrnoException {
    try {
      return places.with(node, HostFile::listxattr);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return new byte[0];
      }
      throw e;
    }
  }

  void set(Node node, Name name, byte[] value, int flags) throws ErrnoException {
    requireSupported(name);
    union.requireWritable();
    protection.requireChangeable(node);
    requireAllowed(node, name);
    Name onDisk = Marks.toDisk(name);
    if (onDisk == null) {
      throw ErrnoException.of(Errno.EPERM);
    }
    if (flags != 0) {
      checkPresence(node, name, flags);
    }
    byte[] stored = name.startsWith(ACL) ? union.options().owners().storedAcl(value) : value;
    copyUp(node);
    change(node, name, host -> host.setxattr(onDisk, stored, flags));
  }

  private void checkPresence(Node node, Name name, int flags) throws ErrnoException {
    boolean present = get(node, name) != null;
    if (present && flags == Linux.XATTR_CREATE) {
      throw ErrnoException.of(Errno.EEXIST);
    }
    if (!present && flags == Linux.XATTR_REPLACE) {
      throw ErrnoException.of(Errno.ENODATA);
    }
  }

  void remove(Node node, Name name) throws ErrnoException {
    requireSupported(name);
    union.requireWritable();
    protection.requireChangeable(node);
    requireAllowed(node, name);
    Name onDisk = Marks.toDisk(name);
    if (onDisk == null) {
      throw ErrnoException.of(Errno.EPERM);
    }
    if (get(node, name) == null) {
      if (name.startsWith(ACL)) {
        return; // the absence of an ACL is one too: set_posix_acl
      }
      throw ErrnoException.of(Errno.ENODATA);
    }
    copyUp(node);
    change(node, name, host -> host.removexattr(onDisk));
  }

  private void copyUp(Node node) throws ErrnoException {
    if (node instanceof DirNode dir) {
      copyUp.directory(dir);
    } else if (node instanceof FileNode file) {
      copyUp.file(file);
    }
  }

  private void change(Node node, Name name, HostFile.Step change) throws ErrnoException {
    node.xattrsChange();
    try {
      if (node instanceof DirNode dir && name.equals(DEFAULT_ACL)) {
        // who makes a name in the directory holds this lock while it asks for the ACL
        try (Locks.Locked locked = union.locks().write(dir)) {
          dir.setDefaultAcl(DirNode.UNKNOWN);
          places.run(dir, change);
        }
      } else {
        places.run(node, change);
      }
    } finally {
      node.xattrsChange();
    }
  }
}
