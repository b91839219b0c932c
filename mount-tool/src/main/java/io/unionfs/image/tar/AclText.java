package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/*
 * star, bsdtar and GNU tar with --acls write an ACL as text: user::rw-,user:lisa:r--:1000,group::r--,... with
 * commas or line ends between the entries, in any order. The number behind the permissions is star's; GNU tar
 * has none, and looks names up where it unpacks.
 */
/** ACLs that an archive has as text, as the xattrs that the kernel takes. */
final class AclText {
  private static final String ACCESS = "SCHILY.acl.access";
  private static final String DEFAULT = "SCHILY.acl.default";
  private static final Name ACCESS_XATTR = Name.of("system.posix_acl_access");
  private static final Name DEFAULT_XATTR = Name.of("system.posix_acl_default");

  private static final int VERSION = 2;
  private static final int ENTRY_BYTES = 8;
  private static final int NO_ID = -1;
  private static final int USER_OBJ = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OBJ = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  /* What is in an xattr of 64 KiB. */
  private static final int MOST_ENTRIES = 8191;
  private static final long MOST_ID = 0xfffffffeL;

  /* As many with names of a length that there is; a header may be far longer. */
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_FIELDS = 5;

  private record Entry(int tag, int permissions, int id) {}

  /** Somebody whom no number says, and nobody here knows. */
  private static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;
  }

  /** The numbers of names, read when the first is asked for. */
  private static final class Table {
    private final Path path;
    private @Nullable Map<String, Integer> ids;

    Table(Path path) {
      this.path = path;
    }

    Map<String, Integer> ids() throws TarException {
      Map<String, Integer> known = ids;
      if (known == null) {
        known = read();
        ids = known;
      }
      return known;
    }

    private Map<String, Integer> read() throws TarException {
      Map<String, Integer> read = new HashMap<>();
      List<String> lines;
      try {
        lines = Files.readAllLines(path, StandardCharsets.ISO_8859_1);
      } catch (IOException e) {
        return read; // nobody is known here
      }
      for (String line : lines) {
        String[] fields = line.split(":", -1);
        if (fields.length > 2
            && fields[2].matches("[0-9]{1,10}")
            && Long.parseLong(fields[2]) <= MOST_ID) {
          read.putIfAbsent(fields[0], number(fields[2]));
        }
      }
      return read;
    }
  }

  /** What was read last: a global header has the same for all entries. */
  private static final class Last {
    private byte @Nullable [] text;
    private byte @Nullable [] value;
  }

  private final Table users;
  private final Table groups;
  private final Last access = new Last();
  private final Last inherited = new Last();

  /**
   * @param users where the numbers of names are, in the form of passwd(5)
   * @param groups likewise, of group(5)
   */
  AclText(Path users, Path groups) {
    this.users = new Table(users);
    this.groups = new Table(groups);
  }

  AclText() {
    this(Path.of("/etc/passwd"), Path.of("/etc/group"));
  }

  /**
   * The extended attributes of records, with those that stand for ACLs. Where both are there, the
   * bytes count. An ACL for somebody unknown stays what it is, under a name that no file system
   * takes.
   *
   * @throws TarException for a text that is no ACL
   */
  SortedMap<Name, byte[]> xattrs(PaxRecords records) throws TarException {
    SortedMap<Name, byte[]> xattrs = records.xattrs();
    byte[] ofAccess = records.bytes(ACCESS);
    byte[] ofDefault = records.bytes(DEFAULT);
    if (ofAccess == null && ofDefault == null) {
      return xattrs;
    }
    SortedMap<Name, byte[]> all = new TreeMap<>(xattrs);
    add(all, ACCESS, ACCESS_XATTR, ofAccess, access);
    add(all, DEFAULT, DEFAULT_XATTR, ofDefault, inherited);
    return Collections.unmodifiableSortedMap(all);
  }

  private void add(
      SortedMap<Name, byte[]> all, String key, Name xattr, byte @Nullable [] text, Last last)
      throws TarException {
    if (text == null || all.containsKey(xattr)) {
      return;
    }
    if (last.text != text) {
      last.value = valueOrNull(text, last == access);
      last.text = text;
    }
    byte[] value = last.value;
    if (value == null) {
      all.put(Name.of(key), text);
    } else if (value.length > 0) {
      all.put(xattr, value);
    }
  }

  /* Null if it is for somebody unknown. */
  private byte @Nullable [] valueOrNull(byte[] text, boolean orMode) throws TarException {
    if (text.length > MOST_BYTES) {
      throw malformed();
    }
    try {
      return parse(new String(text, StandardCharsets.UTF_8), orMode);
    } catch (Unknown e) {
      return null;
    }
  }

  /**
   * An ACL in the form of the xattr.
   *
   * @param orMode whether one that says no more than a mode is none
   */
  private byte[] parse(String text, boolean orMode) throws TarException, Unknown {
    List<Entry> entries = new ArrayList<>();
    for (String each : text.split("[,\n]", -1)) {
      int comment = each.indexOf('#');
      String entry = (comment < 0 ? each : each.substring(0, comment)).strip();
      if (!entry.isEmpty()) {
        entries.add(entry(entry));
      }
    }
    boolean onlyMode = entries.size() == 3;
    addMask(entries);
    require(entries);
    if (entries.size() > MOST_ENTRIES) {
      throw malformed();
    }
    return onlyMode && orMode ? new byte[0] : bytes(entries);
  }

  private Entry entry(String text) throws TarException, Unknown {
    String[] fields = text.split(":", MOST_FIELDS + 1);
    int first = fields[0].equals("default") || fields[0].equals("d") ? 1 : 0;
    int left = fields.length - first;
    if (left < 2 || left > 4) {
      throw malformed();
    }
    String kind = fields[first].toLowerCase(Locale.ROOT);
    boolean shared = kind.equals("mask") || kind.equals("m");
    boolean rest = kind.equals("other") || kind.equals("o");
    boolean user = kind.equals("user") || kind.equals("u");
    if (!shared && !rest && !user && !kind.equals("group") && !kind.equals("g")) {
      throw malformed();
    }
    if (shared || rest) { // the field that is always empty may be missing
      boolean named = left > 2 && !fields[first + 1].isEmpty();
      if (named) {
        throw malformed();
      }
      int permissions = permissions(fields[left == 2 ? first + 1 : first + 2]);
      return new Entry(shared ? MASK : OTHER, permissions, NO_ID);
    }
    if (left == 2) {
      throw malformed();
    }
    String who = fields[first + 1];
    int permissions = permissions(fields[first + 2]);
    if (who.isEmpty()) {
      return new Entry(user ? USER_OBJ : GROUP_OBJ, permissions, NO_ID);
    }
    int id = left == 4 ? number(fields[first + 3]) : id(who, user ? users : groups);
    return new Entry(user ? USER : GROUP, permissions, id);
  }

  private static int permissions(String text) throws TarException {
    int bits = 0;
    for (char each : text.strip().toCharArray()) {
      bits |=
          switch (each) {
            case 'r' -> 4;
            case 'w' -> 2;
            case 'x' -> 1;
            case '-' -> 0;
            default -> throw malformed();
          };
    }
    return bits;
  }

  private static int number(String text) throws TarException {
    return (int) PaxRecords.decimal(text.strip(), MOST_ID);
  }

  private static int id(String who, Table table) throws TarException, Unknown {
    if (who.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return number(who);
    }
    Integer id = table.ids().get(who);
    if (id == null) {
      throw new Unknown();
    }
    return id;
  }

  private static void addMask(List<Entry> entries) {
    boolean named = false;
    int bits = 0;
    for (Entry entry : entries) {
      if (entry.tag() == MASK) {
        return;
      }
      named |= entry.tag() == USER || entry.tag() == GROUP;
      boolean shared = entry.tag() == USER || entry.tag() == GROUP || entry.tag() == GROUP_OBJ;
      bits |= shared ? entry.permissions() : 0;
    }
    if (named) {
      entries.add(new Entry(MASK, bits, NO_ID));
    }
  }

  /* As the kernel wants it: in order of tags, one of each that has no id, nobody twice. */
  private static void require(List<Entry> entries) throws TarException {
    entries.sort(
        Comparator.comparingInt(Entry::tag).thenComparing(e -> Integer.toUnsignedLong(e.id())));
    int found = 0;
    Entry last = null;
    for (Entry entry : entries) {
      if (last != null && last.tag() == entry.tag() && last.id() == entry.id()) {
        throw malformed();
      }
      found |= entry.tag();
      last = entry;
    }
    int needed = USER_OBJ | GROUP_OBJ | OTHER;
    if ((found & needed) != needed) {
      throw malformed();
    }
  }

  private static byte[] bytes(List<Entry> entries) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES + entries.size() * ENTRY_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (Entry entry : entries) {
      bytes.putShort((short) entry.tag()).putShort((short) entry.permissions()).putInt(entry.id());
    }
    return bytes.array();
  }

  private static TarException malformed() {
    return new TarException("its ACL is malformed");
  }
}
