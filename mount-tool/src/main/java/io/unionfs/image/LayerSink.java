package io.unionfs.image;

import io.unionfs.sys.ErrnoException;
import java.io.IOException;

/** Where the entries of a layer go, one after the other. */
public interface LayerSink {
  /** The data of a file, its holes left out. */
  interface Content {
    /**
     * Reads on.
     *
     * @return the number of bytes, -1 at the end
     */
    int read(byte[] target, int offset, int length) throws IOException, ErrnoException;
  }

  /** The content of what has none. */
  Content NOTHING = (target, offset, length) -> -1;

  /**
   * Takes an entry.
   *
   * @param content the data that the entry's extents tell of, all of which is read
   */
  void put(LayerEntry entry, Content content) throws IOException, ErrnoException;
}
