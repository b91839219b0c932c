package io.unionfs.offline;

import io.unionfs.sys.Name;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A mark as a layer has it.
 *
 * @param form how it is written
 * @param name the name of the xattr, or of the entry
 * @param value of an xattr, null where the process may not read it; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record OnDiskMark(Form form, Name name, byte @Nullable [] value) {
  /** The ways to write a mark. */
  public enum Form {
    XATTR,
    /** A character device 0:0 under the name itself. */
    DEVICE,
    /** An entry beside the name, or in the directory, with a name of its own. */
    ENTRY;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
