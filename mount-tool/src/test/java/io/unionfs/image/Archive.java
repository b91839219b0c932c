package io.unionfs.image;

import io.unionfs.image.tar.TarHeader;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.image.tar.TarWriter;
import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** An archive that a test makes, whatever it says. */
final class Archive {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarWriter tar = new TarWriter(bytes);
  private final int uid;
  private final int gid;

  /**
   * @param uid the owner of all objects
   */
  Archive(int uid, int gid) {
    this.uid = uid;
    this.gid = gid;
  }

  Archive file(String name, String content) throws IOException {
    return file(Name.of(name), content, new TreeMap<>());
  }

  Archive file(Name name, String content, SortedMap<Name, byte[]> xattrs) throws IOException {
    byte[] data = content.getBytes(StandardCharsets.UTF_8);
    put(TarHeader.FILE, name, 0644, data.length, "", xattrs);
    tar.write(data, 0, data.length);
    return this;
  }

  Archive zeros(String name, int size) throws IOException {
    put(TarHeader.FILE, Name.of(name), 0644, size, "", new TreeMap<>());
    tar.write(new byte[size], 0, size);
    return this;
  }

  Archive directory(String name, int mode) throws IOException {
    put(TarHeader.DIRECTORY, Name.of(name + "/"), mode, 0, "", new TreeMap<>());
    return this;
  }

  Archive directory(String name, SortedMap<Name, byte[]> xattrs) throws IOException {
    put(TarHeader.DIRECTORY, Name.of(name + "/"), 0755, 0, "", xattrs);
    return this;
  }

  Archive symlink(String name, String target) throws IOException {
    put(TarHeader.SYMLINK, Name.of(name), 0777, 0, target, new TreeMap<>());
    return this;
  }

  Archive hardLink(String name, String target) throws IOException {
    put(TarHeader.HARD_LINK, Name.of(name), 0644, 0, target, new TreeMap<>());
    return this;
  }

  Archive node(byte type, String name) throws IOException {
    put(type, Name.of(name), 0644, 0, "", new TreeMap<>());
    return this;
  }

  private void put(
      byte type, Name name, int mode, long size, String link, SortedMap<Name, byte[]> xattrs)
      throws IOException {
    List<Extent> data = size == 0 ? List.of() : List.of(new Extent(0, size));
    tar.put(
        new TarHeader(
            name,
            type,
            mode,
            uid,
            gid,
            1_000_000_000,
            123_456_789,
            size,
            Name.of(link),
            0,
            0,
            xattrs,
            data));
  }

  /** The whole archive. */
  byte[] bytes() throws IOException {
    tar.finish();
    return bytes.toByteArray();
  }
}
