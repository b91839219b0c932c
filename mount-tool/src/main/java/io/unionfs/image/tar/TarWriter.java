package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

/*
 * Only what the object is decides about the bytes: a record stands where ustar's field cannot hold the
 * value exactly, and nowhere else; the name of an extended header, owners' names and the fields that
 * mean nothing are always the same.
 */
/** An archive that is written, in the pax format. */
public final class TarWriter {
  private static final Name EXTENDED = Name.of("PaxHeaders.0/extended");
  private static final int EXTENDED_MODE = 0644;
  private static final int NAME_BYTES = 100;
  private static final byte[] PADDING = new byte[TarBlock.BYTES];

  private final OutputStream out;
  private long expected;
  private int padding;

  public TarWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Begins an object; as many bytes of data as it has must follow. Holes are data here.
   *
   * @throws IOException where the archive cannot be written
   */
  public void put(TarHeader header) throws IOException {
    finishEntry();
    PaxRecords records = new PaxRecords();
    boolean isFile = header.type() == TarHeader.FILE;
    long size = isFile ? header.size() : 0;
    if (size > TarBlock.MOST_LONG) {
      records.put("size", String.valueOf(size));
    }
    TarBlock block =
        TarBlock.of(header.type(), header.permissions(), size > TarBlock.MOST_LONG ? 0 : size);
    setNames(block, records, header);
    setOwner(block, records, header);
    setTime(block, records, header);
    block.setDevice(header.major(), header.minor());
    for (Map.Entry<Name, byte[]> xattr : header.xattrs().entrySet()) {
      Name key = XattrKeywords.encode(xattr.getKey());
      records.put(Name.of(PaxRecords.XATTR).concat(key), xattr.getValue());
    }
    if (!records.isEmpty()) {
      writeExtended(records.format());
    }
    out.write(block.sealed());
    expected = size;
    padding = (int) (-size & (TarBlock.BYTES - 1));
  }

  private static void setNames(TarBlock block, PaxRecords records, TarHeader header) {
    if (!isAscii(header.name()) || !block.trySetPath(header.name())) {
      records.put("path", header.name().bytes());
      block.setName(shortened(header.name()));
    }
    if (!isAscii(header.link()) || !block.trySetLink(header.link())) {
      records.put("linkpath", header.link().bytes());
    }
  }

  private static boolean isAscii(Name name) {
    for (int i = 0; i < name.length(); i++) {
      if (name.byteAt(i) < ' ' || name.byteAt(i) == 0x7f) {
        return false;
      }
    }
    return true;
  }

  /* For readers that do not know records. */
  private static Name shortened(Name name) {
    byte[] start = Name.of(name.bytes(), 0, Math.min(name.length(), NAME_BYTES)).bytes();
    for (int i = 0; i < start.length; i++) {
      start[i] = start[i] < ' ' ? (byte) '_' : start[i];
    }
    return Name.of(start);
  }

  private static void setOwner(TarBlock block, PaxRecords records, TarHeader header) {
    if (header.uid() > TarBlock.MOST_ID) {
      records.put("uid", String.valueOf(header.uid()));
    }
    if (header.gid() > TarBlock.MOST_ID) {
      records.put("gid", String.valueOf(header.gid()));
    }
    block.setOwner(
        header.uid() > TarBlock.MOST_ID ? 0 : header.uid(),
        header.gid() > TarBlock.MOST_ID ? 0 : header.gid());
  }

  private static void setTime(TarBlock block, PaxRecords records, TarHeader header) {
    boolean fits = header.mtime() >= 0 && header.mtime() <= TarBlock.MOST_LONG;
    if (!fits || header.mtimeNsec() != 0) {
      records.put("mtime", new Timestamp(header.mtime(), header.mtimeNsec()).format());
    }
    block.setMtime(fits ? header.mtime() : 0);
  }

  private void writeExtended(byte[] body) throws IOException {
    TarBlock block = TarBlock.of((byte) 'x', EXTENDED_MODE, body.length);
    block.setName(EXTENDED);
    out.write(block.sealed());
    out.write(body);
    out.write(PADDING, 0, -body.length & (TarBlock.BYTES - 1));
  }

  /** Writes data of the object that was begun. */
  public void write(byte[] data, int offset, int length) throws IOException {
    if (length > expected) {
      throw new IllegalStateException("more data than the header says");
    }
    out.write(data, offset, length);
    expected -= length;
  }

  private void finishEntry() throws IOException {
    if (expected != 0) {
      throw new IllegalStateException("less data than the header says");
    }
    out.write(PADDING, 0, padding);
    padding = 0;
  }

  /** Marks the end; the stream stays open. */
  public void finish() throws IOException {
    finishEntry();
    out.write(PADDING);
    out.write(PADDING);
  }
}
