package io.unionfs.image;

import io.unionfs.image.LayerEntry.Kind;
import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.sys.Name;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Entries on their way to a file of this process's own, and back. */
final class EntryStream {
  private EntryStream() {}

  static void write(DataOutputStream out, LayerEntry entry) throws IOException {
    out.writeUTF(entry.kind().name());
    writePath(out, entry.path().names());
    Attributes attributes = entry.attributes();
    out.writeBoolean(attributes != null);
    if (attributes != null) {
      write(out, attributes);
    }
    out.writeLong(entry.size());
    out.writeInt(entry.extents().size());
    for (Extent extent : entry.extents()) {
      out.writeLong(extent.offset());
      out.writeLong(extent.length());
    }
    writeBytes(out, entry.link().bytes());
    out.writeLong(entry.rdev());
  }

  private static void write(DataOutputStream out, Attributes attributes) throws IOException {
    out.writeInt(attributes.permissions());
    out.writeInt(attributes.uid());
    out.writeInt(attributes.gid());
    out.writeLong(attributes.mtime());
    out.writeInt(attributes.mtimeNsec());
    out.writeInt(attributes.xattrs().size());
    for (Map.Entry<Name, byte[]> xattr : attributes.xattrs().entrySet()) {
      writeBytes(out, xattr.getKey().bytes());
      writeBytes(out, xattr.getValue());
    }
  }

  static void writePath(DataOutputStream out, List<Name> names) throws IOException {
    out.writeInt(names.size());
    for (Name name : names) {
      writeBytes(out, name.bytes());
    }
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static LayerEntry read(DataInputStream in) throws IOException {
    Kind kind = Kind.valueOf(in.readUTF());
    EntryPath path = new EntryPath(readPath(in));
    @Nullable Attributes attributes = in.readBoolean() ? readAttributes(in) : null;
    long size = in.readLong();
    List<Extent> extents = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      long offset = in.readLong();
      extents.add(new Extent(offset, in.readLong()));
    }
    Name link = Name.of(readBytes(in));
    return new LayerEntry(kind, path, attributes, size, extents, link, in.readLong());
  }

  private static Attributes readAttributes(DataInputStream in) throws IOException {
    int permissions = in.readInt();
    int uid = in.readInt();
    int gid = in.readInt();
    long mtime = in.readLong();
    int mtimeNsec = in.readInt();
    SortedMap<Name, byte[]> xattrs = new TreeMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      Name name = Name.of(readBytes(in));
      xattrs.put(name, readBytes(in));
    }
    return new Attributes(permissions, uid, gid, mtime, mtimeNsec, xattrs);
  }

  static List<Name> readPath(DataInputStream in) throws IOException {
    List<Name> names = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      names.add(Name.of(readBytes(in)));
    }
    return names;
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }
}
