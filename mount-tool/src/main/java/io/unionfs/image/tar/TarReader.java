package io.unionfs.image.tar;

import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Read are ustar, pax, and GNU's dialect with its long names and the four ways to write holes. Whatever
 * does not fit together is an error: an archive that two readers understand differently is how checks
 * are got round.
 */
/** An archive that is read from its beginning to its end. */
public final class TarReader {
  private static final int MOST_HEADER_BYTES = 16 << 20;
  private static final int MOST_GLOBAL_BYTES = 1 << 20;

  /* Far more than PATH_MAX, for trees that are deeper than a path can say; in the archive it stands whole. */
  private static final int MOST_NAME_BYTES = 1 << 19;
  private static final int MOST_EXTENTS = 1 << 20;
  private static final int GNU_EXTENTS = 4;
  private static final int GNU_EXTENTS_MORE = 21;

  private final InputStream in;
  private final AclText acls = new AclText();
  private final PaxRecords global = new PaxRecords(null, MOST_GLOBAL_BYTES);
  private long position;
  private long headerAt;
  private @Nullable Name current;

  /* Of the current entry: the bytes of data and of padding that were not read yet. */
  private long data;
  private int padding;

  /* What was read before the header that it belongs to. */
  private @Nullable PaxRecords local;
  private @Nullable Name longName;
  private @Nullable Name longLink;

  public TarReader(InputStream in) {
    this.in = in;
  }

  /** How many bytes of the archive were read, unpacked. */
  public long position() {
    return position;
  }

  /** Where the last header begins. */
  public long headerAt() {
    return headerAt;
  }

  /** The name in the last header, null before the first. */
  public @Nullable Name current() {
    return current;
  }

  /**
   * The next object, null at the end. What was not read of the last one's data is skipped.
   *
   * @throws TarException for an archive that is damaged or ends in the middle
   */
  public @Nullable TarHeader next() throws IOException {
    skipRest();
    while (true) {
      headerAt = position;
      TarBlock block = new TarBlock(new byte[TarBlock.BYTES]);
      read(block.bytes(), "a header");
      if (block.isZero()) {
        end();
        return null;
      }
      if (!block.hasItsChecksum()) {
        throw new TarException("a header has the wrong checksum");
      }
      switch (block.type()) {
        case 'x', 'X' -> records().parse(body(block, MOST_HEADER_BYTES));
        case 'g' -> parseGlobal(body(block, MOST_GLOBAL_BYTES));
        case 'L' -> longName = ended(body(block, MOST_NAME_BYTES));
        case 'K' -> longLink = ended(body(block, MOST_NAME_BYTES));
        case 'V' -> body(block, MOST_NAME_BYTES); // the name of a tape
        default -> {
          return header(block);
        }
      }
    }
  }

  private PaxRecords records() {
    PaxRecords present = local;
    if (present == null) {
      present = new PaxRecords(global, MOST_HEADER_BYTES);
      local = present;
    }
    return present;
  }

  private void parseGlobal(byte[] body) throws TarException {
    global.parse(body);
    if (global.sparseNumbers().length > 0) {
      throw new TarException("a global header has a map of holes");
    }
  }

  /* A second block of zeros must follow; what is behind them is padding, and belongs to the digest. */
  private void end() throws IOException {
    if (local != null || longName != null || longLink != null) {
      throw new TarException("it ends behind an extended header");
    }
    byte[] second = new byte[TarBlock.BYTES];
    read(second, "the mark of its end");
    if (!new TarBlock(second).isZero()) {
      throw new TarException("it goes on behind a block of zeros");
    }
    byte[] rest = new byte[1 << 16];
    for (int read = in.read(rest); read >= 0; read = in.read(rest)) {
      position += read;
    }
  }

  private byte[] body(TarBlock block, int most) throws IOException {
    long size = block.size();
    if (size > most) {
      throw new TarException("an extended header of " + size + " bytes is too long");
    }
    byte[] body = new byte[(int) size];
    read(body, "an extended header");
    skip(paddingOf(size), "an extended header");
    return body;
  }

  private static Name ended(byte[] body) {
    int length = 0;
    while (length < body.length && body[length] != 0) {
      length++;
    }
    return Name.of(body, 0, length);
  }

  private TarHeader header(TarBlock block) throws IOException {
    PaxRecords records = records();
    Name name = name(block, records);
    current = name;
    byte type = type(block, name);
    Name link = link(block, records, type);
    local = null;
    longName = null;
    longLink = null;
    long stored = records.number("size", block.size());
    boolean isFile = type == TarHeader.FILE;
    data = isFile ? stored : 0;
    padding = isFile ? paddingOf(stored) : 0;
    SparseMap map = isFile ? sparse(block, records, stored) : new SparseMap(0, List.of());
    Timestamp mtime = Timestamp.parse(records.text("mtime"), block.mtime());
    return new TarHeader(
        name,
        type,
        block.permissions(),
        id(records.number("uid", block.uid())),
        id(records.number("gid", block.gid())),
        mtime.seconds(),
        mtime.nanos(),
        map.size(),
        link,
        block.major(),
        block.minor(),
        acls.xattrs(records),
        map.extents());
  }

  private Name name(TarBlock block, PaxRecords records) throws TarException {
    byte[] sparseName = records.bytes("GNU.sparse.name");
    byte[] path = sparseName != null ? sparseName : records.bytes("path");
    Name gnu = longName;
    Name name = path != null ? Name.of(path) : gnu != null ? gnu : block.name();
    return checked(name, "name");
  }

  private Name link(TarBlock block, PaxRecords records, byte type) throws TarException {
    if (type != TarHeader.HARD_LINK && type != TarHeader.SYMLINK) {
      return Name.of("");
    }
    byte[] path = records.bytes("linkpath");
    Name gnu = longLink;
    Name link = path != null ? Name.of(path) : gnu != null ? gnu : block.link();
    if (link.length() == 0) {
      throw new TarException("it is a link to nothing");
    }
    return checked(link, "target");
  }

  private static Name checked(Name name, String what) throws TarException {
    if (name.length() > MOST_NAME_BYTES) {
      throw new TarException("its " + what + " of " + name.length() + " bytes is too long");
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.byteAt(i) == 0) {
        throw new TarException("its " + what + " holds a NUL");
      }
    }
    return name;
  }

  private static byte type(TarBlock block, Name name) throws TarException {
    byte type = block.type();
    switch (type) {
      case 0, '0', '7' -> {
        // before POSIX a directory was a file with a slash behind its name
        boolean slash = name.length() > 0 && name.byteAt(name.length() - 1) == '/';
        return slash ? TarHeader.DIRECTORY : TarHeader.FILE;
      }
      case '1', '2', '3', '4', '5', '6' -> {
        return type;
      }
      case 'S' -> {
        return TarHeader.FILE;
      }
      default ->
          throw new TarException(
              "its type " + Name.of(new byte[] {type}) + " is none that a layer can have");
    }
  }

  private static long id(long id) throws TarException {
    if (id < 0 || id >= 0xffffffffL) {
      throw new TarException("its owner " + id + " is none");
    }
    return id;
  }

  private SparseMap sparse(TarBlock block, PaxRecords records, long stored) throws IOException {
    if (block.type() == 'S') {
      return new SparseMap(block.realSize(), gnuExtents(block)).checked(data);
    }
    String major = records.text("GNU.sparse.major");
    if (major != null) {
      if (!major.equals("1") || !"0".equals(records.text("GNU.sparse.minor"))) {
        throw new TarException("its holes are written in an unknown way");
      }
      return new SparseMap(records.number("GNU.sparse.realsize", stored), mapInData())
          .checked(data);
    }
    long size = records.number("GNU.sparse.size", -1);
    if (size >= 0) {
      return new SparseMap(size, pairs(records.sparseNumbers())).checked(data);
    }
    return new SparseMap(stored, stored == 0 ? List.of() : List.of(new Extent(0, stored)));
  }

  private List<Extent> gnuExtents(TarBlock block) throws IOException {
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < GNU_EXTENTS; i++) {
      addExtent(extents, block.sparse(2 * i), block.sparse(2 * i + 1));
    }
    boolean more = block.continues();
    while (more) {
      TarBlock next = new TarBlock(new byte[TarBlock.BYTES]);
      read(next.bytes(), "a map of holes");
      for (int i = 0; i < GNU_EXTENTS_MORE; i++) {
        addExtent(extents, next.sparseMore(2 * i), next.sparseMore(2 * i + 1));
      }
      more = next.continuesMore();
    }
    return extents;
  }

  private static void addExtent(List<Extent> extents, long offset, long length)
      throws TarException {
    if (extents.size() >= MOST_EXTENTS) {
      throw new TarException("its map of holes is too long");
    }
    if (length > 0) {
      extents.add(new Extent(offset, length));
    }
  }

  private static List<Extent> pairs(long[] numbers) throws TarException {
    if (numbers.length % 2 != 0) {
      throw new TarException("its map of holes is malformed");
    }
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < numbers.length; i += 2) {
      addExtent(extents, numbers[i], numbers[i + 1]);
    }
    return extents;
  }

  /* Format 1.0: lines with numbers, padded to whole blocks, before the data. */
  private List<Extent> mapInData() throws IOException {
    long before = data;
    int entries = (int) line(MOST_EXTENTS);
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < entries; i++) {
      long offset = line(Long.MAX_VALUE);
      addExtent(extents, offset, line(Long.MAX_VALUE));
    }
    long rest = paddingOf(before - data);
    if (rest > data) {
      throw new TarException("its map of holes is malformed");
    }
    skip(rest, "a map of holes");
    data -= rest;
    return extents;
  }

  private long line(long most) throws IOException {
    StringBuilder digits = new StringBuilder();
    byte[] one = new byte[1];
    while (digits.length() <= 20) {
      if (read(one, 0, 1) != 1) {
        break;
      }
      if (one[0] == '\n') {
        return PaxRecords.decimal(digits.toString(), most);
      }
      digits.append((char) one[0]);
    }
    throw new TarException("its map of holes is malformed");
  }

  private record SparseMap(long size, List<Extent> extents) {
    /** Itself, if it is in order and the archive has exactly its data. */
    SparseMap checked(long stored) throws TarException {
      long end = 0;
      long sum = 0;
      for (Extent extent : extents) {
        boolean fits = extent.offset() >= end && extent.length() <= size - extent.offset();
        if (!fits) {
          throw new TarException("its map of holes contradicts itself");
        }
        end = extent.offset() + extent.length();
        sum += extent.length();
      }
      if (sum != stored) {
        throw new TarException("its map of holes does not fit its data");
      }
      return this;
    }
  }

  /**
   * Reads data of the current entry, holes left out.
   *
   * @return the number of bytes, -1 at its end
   */
  public int read(byte[] target, int offset, int length) throws IOException {
    if (data == 0) {
      return -1;
    }
    int wanted = (int) Math.min(length, data);
    int read = in.read(target, offset, wanted);
    if (read < 0) {
      throw new TarException("it ends in the middle of a file");
    }
    position += read;
    data -= read;
    return read;
  }

  private void skipRest() throws IOException {
    skip(data, "a file");
    data = 0;
    skip(padding, "a file");
    padding = 0;
  }

  private static int paddingOf(long size) {
    return (int) (-size & (TarBlock.BYTES - 1));
  }

  private void skip(long bytes, String what) throws IOException {
    byte[] rest = new byte[(int) Math.min(bytes, 1 << 16)];
    long left = bytes;
    while (left > 0) {
      int read = in.read(rest, 0, (int) Math.min(rest.length, left));
      if (read < 0) {
        throw new TarException("it ends in the middle of " + what);
      }
      left -= read;
      position += read;
    }
  }

  private void read(byte[] target, String what) throws IOException {
    int done = 0;
    while (done < target.length) {
      int read = in.read(target, done, target.length - done);
      if (read < 0) {
        throw new TarException("it ends in the middle of " + what + " or before its end is marked");
      }
      done += read;
      position += read;
    }
  }
}
