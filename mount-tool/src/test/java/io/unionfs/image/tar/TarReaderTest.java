package io.unionfs.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.image.tar.TarHeader.Extent;
import io.unionfs.sys.Name;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
  private static TarHeader header(
      Name name, long mtime, int nanos, SortedMap<Name, byte[]> xattrs) {
    return new TarHeader(
        name,
        TarHeader.SYMLINK,
        0777,
        3_000_000_000L,
        2_097_152,
        mtime,
        nanos,
        0,
        name,
        0,
        0,
        xattrs,
        List.of());
  }

  private static TarReader reader(byte[] archive) {
    return new TarReader(new ByteArrayInputStream(archive));
  }

  private static TarHeader first(byte[] archive) throws IOException {
    return next(reader(archive));
  }

  private static TarHeader next(TarReader reader) throws IOException {
    TarHeader header = reader.next();
    if (header == null) {
      throw new AssertionError("the archive ends");
    }
    return header;
  }

  private static byte[] written(TarHeader header) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TarWriter tar = new TarWriter(out);
    tar.put(header);
    tar.finish();
    return out.toByteArray();
  }

  private static Name random(Random random, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (1 + random.nextInt(255));
    }
    return Name.of(bytes);
  }

  @Test
  void whatIsWrittenIsReadAgain() throws Exception {
    Random random = new Random(42);
    for (int length = 1; length < 600; length += 7) {
      byte[] value = new byte[length];
      random.nextBytes(value);
      TreeMap<Name, byte[]> xattrs =
          new TreeMap<>(Map.of(Name.of("user.=%x" + length), value, Name.of("user.100%"), value));
      TarHeader written =
          header(random(random, length), random.nextInt(), random.nextInt(1_000_000_000), xattrs);

      TarHeader read = first(written(written));

      assertThat(read).usingRecursiveComparison().isEqualTo(written);
    }
  }

  @Test
  void fileAboveEightGibibytesHasItsSize() throws Exception {
    long size = 9L << 30;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new TarWriter(out)
        .put(
            new TarHeader(
                Name.of("big"),
                TarHeader.FILE,
                0644,
                0,
                0,
                0,
                0,
                size,
                Name.of(""),
                0,
                0,
                new TreeMap<>(),
                List.of()));

    TarHeader read = first(out.toByteArray());

    assertThat(read.size()).isEqualTo(size);
    assertThat(read.extents()).containsExactly(new Extent(0, size));
  }

  @ParameterizedTest
  @CsvSource({
    "1.5, 1, 500000000",
    "-1.5, -2, 500000000",
    "-1, -1, 0",
    "0.000000001999, 0, 1",
    "7., 7, 0"
  })
  void timesAreDecimalFractions(String text, long seconds, int nanos) throws Exception {
    assertThat(Timestamp.parse(text, 0)).isEqualTo(new Timestamp(seconds, nanos));
  }

  /* A file with a header of its own making, and an extended header before it. */
  private static byte[] archive(String records, long size, int data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    putExtended(out, 'x', records);
    putFile(out, size, data);
    out.write(new byte[1024]);
    return out.toByteArray();
  }

  private static void putExtended(ByteArrayOutputStream out, char type, String records)
      throws IOException {
    byte[] body = records.getBytes(StandardCharsets.ISO_8859_1);
    TarBlock extended = TarBlock.of((byte) type, 0, body.length);
    extended.setName(Name.of("x"));
    out.write(extended.sealed());
    out.write(body);
    out.write(new byte[-body.length & 511]);
  }

  private static void putFile(ByteArrayOutputStream out, long size, int data) throws IOException {
    TarBlock file = TarBlock.of((byte) '0', 0644, size);
    file.setName(Name.of("f"));
    out.write(file.sealed());
    out.write(new byte[data]);
  }

  private static String record(String key, String value) {
    int rest = key.length() + value.length() + 3;
    int length = rest + String.valueOf(rest).length();
    length = rest + String.valueOf(length).length();
    return length + " " + key + "=" + value + "\n";
  }

  private static String sparse(String map, String size) {
    return record("GNU.sparse.size", size) + record("GNU.sparse.map", map);
  }

  @Test
  void mapOfHolesIsRead() throws Exception {
    TarHeader read = first(archive(sparse("512,512,4096,512", "10000"), 1024, 1024));

    assertThat(read.size()).isEqualTo(10000);
    assertThat(read.extents()).containsExactly(new Extent(512, 512), new Extent(4096, 512));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "512,512,0,512", // backwards
        "0,600,512,424", // over each other
        "9500,1024", // beyond the end
        "0,512", // less than there is
        "0,2048", // more than there is
        "0,512,512", // no pairs
        "0,x",
        "-1,1024",
        "9223372036854775807,1024",
        "99999999999999999999,1024"
      })
  void mapOfHolesThatContradictsItselfIsRefused(String map) throws Exception {
    byte[] archive = archive(sparse(map, "10000"), 1024, 1024);

    assertThatThrownBy(() -> reader(archive).next()).isInstanceOf(TarException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5 a=b\n", // wrong length
        "999 a=b\n",
        "0 a=b\n",
        "6 =bb\n",
        "a=b\n",
        "7 a=b",
        "-5 a=b\n",
        "99999999999999999999 a=b\n"
      })
  void malformedRecordsAreRefused(String records) throws Exception {
    byte[] archive = archive(records, 0, 0);

    assertThatThrownBy(() -> reader(archive).next()).isInstanceOf(TarException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "size,-1",
    "size,9223372036854775808",
    "uid,-1",
    "uid,4294967295",
    "mtime,x",
    "mtime,1.x"
  })
  void recordsThatCannotBeAreRefused(String key, String value) throws Exception {
    byte[] archive = archive(record(key, value), 0, 0);

    assertThatThrownBy(() -> reader(archive).next()).isInstanceOf(TarException.class);
  }

  @Test
  void extendedHeadersAreBoundedTogether() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < 20; i++) {
      putExtended(out, 'x', record("key" + i, "v".repeat(1 << 20)));
    }
    assertThatThrownBy(() -> reader(out.toByteArray()).next())
        .isInstanceOf(TarException.class)
        .hasMessageContaining("too long together");

    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      many.append(record("k" + i, ""));
    }
    byte[] records = archive(many.toString(), 0, 0);
    assertThatThrownBy(() -> reader(records).next()).hasMessageContaining("too long together");

    byte[] key = archive(record("k".repeat(2000), "v"), 0, 0);
    assertThatThrownBy(() -> reader(key).next()).hasMessageContaining("a key of 2000 bytes");
  }

  @Test
  void mapOfHolesThatUsesUpMemoryIsRefused() throws Exception {
    byte[] archive = archive(sparse("0," + "0,".repeat(3 << 20) + "0", "10000"), 0, 0);

    assertThatThrownBy(() -> reader(archive).next())
        .isInstanceOf(TarException.class)
        .hasMessageContaining("map of holes is too long");
  }

  @Test
  void globalHeaderHoldsForAllThatSayNothingElse() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    putExtended(
        out, 'g', record("mtime", "5") + record("uid", "7") + record("SCHILY.xattr.user.a", "g"));
    putFile(out, 0, 0);
    putExtended(
        out, 'x', record("uid", "") + record("mtime", "6") + record("SCHILY.xattr.user.b", "x"));
    putFile(out, 0, 0);
    putFile(out, 0, 0);
    out.write(new byte[1024]);
    TarReader reader = reader(out.toByteArray());

    TarHeader first = next(reader);
    TarHeader second = next(reader);
    TarHeader third = next(reader);

    assertThat(List.of(first.mtime(), first.uid())).containsExactly(5L, 7L);
    assertThat(List.of(second.mtime(), second.uid())).containsExactly(6L, 0L);
    assertThat(second.xattrs()).containsOnlyKeys(Name.of("user.a"), Name.of("user.b"));
    assertThat(third).usingRecursiveComparison().isEqualTo(first);

    ByteArrayOutputStream globals = new ByteArrayOutputStream();
    for (int i = 0; i < 3; i++) {
      putExtended(globals, 'g', record("key" + i, "v".repeat(1 << 19)));
    }
    assertThatThrownBy(() -> reader(globals.toByteArray()).next())
        .hasMessageContaining("too long together");
  }

  @Test
  void nameWithNulIsRefused() throws Exception {
    byte[] archive = archive(record("path", "a\0b"), 0, 0);

    assertThatThrownBy(() -> reader(archive).next()).hasMessageContaining("NUL");
  }

  @Test
  void headerWithAWrongChecksumIsRefused() throws Exception {
    byte[] archive = written(header(Name.of("a"), 0, 0, new TreeMap<>()));
    archive[1] ^= 1;

    assertThatThrownBy(() -> reader(archive).next()).hasMessageContaining("checksum");
  }

  @Test
  void noBytesMakeItFailInAnotherWay() throws Exception {
    byte[] whole = archive(sparse("512,512,4096,512", "10000"), 1024, 1024);
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      byte[] broken = whole.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      TarReader reader = reader(broken);
      try {
        while (reader.next() != null) {
          assertThat(reader.position()).isLessThanOrEqualTo(broken.length);
        }
      } catch (TarException e) {
        assertThat(e).as("seed %s", seed).hasMessageMatching("(?s).+");
      }
    }
  }
}
