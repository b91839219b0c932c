package io.unionfs.sys;

import java.util.Arrays;

/**
 * A file's identity in its file system, as name_to_handle_at(2) gives it.
 *
 * @param type the handle type
 * @param bytes the opaque handle
 * @param mountId the mount it was made on; no part of the identity
 */
public record FileHandle(int type, byte[] bytes, int mountId) {
  @Override
  public boolean equals(Object other) {
    return other instanceof FileHandle handle
        && type == handle.type
        && Arrays.equals(bytes, handle.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(bytes);
  }
}
