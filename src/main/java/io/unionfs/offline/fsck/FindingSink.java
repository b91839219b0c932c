package io.unionfs.offline.fsck;

import java.io.IOException;

/** Who is told what a check finds, as it finds it. */
public interface FindingSink {
  void found(Finding finding) throws IOException;

  /** Says that more entries of layers were looked at. */
  void looked(int entries);
}
