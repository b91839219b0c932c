package io.unionfs.core;

import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import org.jspecify.annotations.Nullable;

/** System calls on file systems that have no file handles. */
final class WithoutHandles extends Sys {
  @Override
  public @Nullable FileHandle nameToHandleAt(int dirFd, Name name) {
    return null;
  }

  @Override
  public @Nullable FileHandle handleOf(int fd) {
    return null;
  }
}
