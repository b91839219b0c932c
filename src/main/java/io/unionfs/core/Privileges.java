package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Stat;

/** The rights that running a file gives, which a change of its content takes away. */
final class Privileges {
  private Privileges() {}

  /*
   * The host removes security.capability itself, whoever writes; set-id bits it leaves to a process
   * with CAP_FSETID, which the server may be and the program that writes is not.
   */
  /** Clears set-user-id, and set-group-id where the group may execute; whether there were any. */
  static boolean clear(HostFile file) throws ErrnoException {
    Stat stat = new Stat();
    file.stat(stat);
    int kept = without(stat.permissions());
    if (kept == stat.permissions()) {
      return false;
    }
    file.chmod(kept);
    return true;
  }

  private static int without(int permissions) {
    boolean groupExecutes = (permissions & 010) != 0;
    return permissions & ~Linux.S_ISUID & ~(groupExecutes ? Linux.S_ISGID : 0);
  }
}
