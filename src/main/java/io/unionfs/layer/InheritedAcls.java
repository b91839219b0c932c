package io.unionfs.layer;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.util.List;

/*
 * Whatever is made in a directory with a default ACL has it as its own (acl(5)), and keeps it where it is moved to:
 * a work directory with one would let people in whom neither the lower nor the upper lets in. Kernel overlayfs
 * removes them as well (ovl_workdir_create).
 */
/** The ACLs that a directory has from the one in which it was made. */
public final class InheritedAcls {
  private static final List<Name> ACLS =
      List.of(Name.of("system.posix_acl_default"), Name.of("system.posix_acl_access"));

  private InheritedAcls() {}

  /**
   * Takes them away. The permission bits stay, of which those of the group were the ACL's mask, and
   * are to be set anew.
   *
   * @param dirFd a directory, of which {@code name} is an entry or "."
   * @throws ErrnoException the errno of removexattr(2), EPERM for who does not own the directory;
   *     none where there is no ACL, or can be none
   */
  public static void remove(Sys sys, int dirFd, Name name) throws ErrnoException {
    for (Name acl : ACLS) {
      try {
        sys.removexattrat(dirFd, name, acl);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENODATA && e.errno() != Errno.EOPNOTSUPP) {
          throw e;
        }
      }
    }
  }
}
