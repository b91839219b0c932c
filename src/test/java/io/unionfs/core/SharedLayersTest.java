package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With timeout 0 others change the layers behind the union, and it shows that. */
final class SharedLayersTest {
  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private OpenUnion union;

  @SuppressWarnings("NullAway.Init") // set by open()
  SharedLayersTest() {}

  @BeforeEach
  void open() throws Exception {
    Files.createDirectories(home.resolve("lower/dir/sub"));
    Files.createDirectories(home.resolve("upper/dir")); // merged
    Files.writeString(lower("file"), "lower");
    Files.writeString(lower("dir/below"), "below");
    union = OpenUnion.in(home, options -> options.timeoutSeconds(0));
    assertThat(names("")).containsExactlyInAnyOrder("dir", "file");
    assertThat(names("dir")).containsExactlyInAnyOrder("below", "sub");
    assertThat(union.read(union.file("file"))).isEqualTo("lower");
    assertThat(union.fs().lookup(union.root(), Name.of("new"))).isNull();
  }

  @AfterEach
  void close() {
    union.close();
  }

  private Path lower(String path) {
    return home.resolve("lower").resolve(path);
  }

  private List<String> names(String path) throws ErrnoException {
    DirNode dir = path.isEmpty() ? union.root() : union.directory(path);
    Listing listing = union.fs().list(dir);
    List<String> names = new ArrayList<>();
    for (int i = 2; i < listing.size(); i++) {
      names.add(listing.name(i).toString());
    }
    return names;
  }

  @Test
  void newLowerFilesAreSeen() throws Exception {
    Files.writeString(lower("new"), "new");
    Files.writeString(lower("dir/new"), "new below");

    assertThat(union.read(union.file("new"))).isEqualTo("new");
    assertThat(union.read(union.file("dir/new"))).isEqualTo("new below");
    assertThat(names("")).contains("new");
    assertThat(names("dir")).contains("new");
  }

  @Test
  void newUpperFileIsSeenAndHidesTheLower() throws Exception {
    Files.writeString(home.resolve("upper/file"), "from behind");

    assertThat(union.read(union.file("file"))).isEqualTo("from behind");
  }

  @Test
  void changedContentAndSizeAreSeen() throws Exception {
    FileNode file = union.file("file");
    Files.writeString(lower("file"), "longer than before");

    assertThat(union.read(file)).isEqualTo("longer than before");
    assertThat(union.stat(file).size).isEqualTo(18);
  }

  @Test
  void removedLowerFileIsGone() throws Exception {
    Files.delete(lower("file"));

    assertThat(union.fs().lookup(union.root(), Name.of("file"))).isNull();
    assertThat(names("")).containsExactly("dir");
  }

  @Test
  void renamedLowerFileIsFoundUnderItsNewNameOnly() throws Exception {
    FileNode before = union.file("file");
    Files.move(lower("file"), lower("moved"));

    FileNode moved = union.file("moved");
    assertThat(union.read(moved)).isEqualTo("lower");
    assertThat(union.stat(moved).size).isEqualTo(5);
    assertThat(moved.ino()).isEqualTo(before.ino());
    assertThat(union.fs().lookup(union.root(), Name.of("file"))).isNull();
    assertThat(names("")).containsExactlyInAnyOrder("dir", "moved");
  }

  @Test
  void renamedLowerFileCanBeWritten() throws Exception {
    Files.move(lower("file"), lower("dir/sub/moved"));

    union.write(union.file("dir/sub/moved"), "L", 0, false);

    assertThat(union.read(union.file("dir/sub/moved"))).isEqualTo("Lower");
    assertThat(home.resolve("upper/dir/sub/moved")).hasContent("Lower");
    assertThat(lower("dir/sub/moved")).hasContent("lower");
    assertThat(union.workEntries()).isEmpty();
  }

  @Test
  void renamedNameOfALowerHardLinkCanBeWritten() throws Exception {
    Files.createLink(lower("dir/hard"), lower("file"));
    assertThat(union.read(union.file("dir/hard"))).isEqualTo("lower");
    assertThat(union.node("file")).isSameAs(union.node("dir/hard"));
    Files.move(lower("file"), lower("moved"));
    Files.move(lower("dir/hard"), lower("dir/sub/moved"));

    assertThat(union.read(union.file("moved"))).isEqualTo("lower");
    union.write(union.file("moved"), "L", 0, false);

    assertThat(home.resolve("upper/moved")).hasContent("Lower");
    assertThat(home.resolve("upper/file")).doesNotExist();
    assertThat(union.read(union.file("dir/sub/moved"))).isEqualTo("Lower");
    assertThat(names("")).containsExactlyInAnyOrder("dir", "moved");
    assertThat(union.workEntries()).isEmpty();
  }

  @Test
  void replacedLowerFileIsANewNode() throws Exception {
    FileNode before = union.file("file");
    Files.writeString(lower("other"), "replacement");
    Files.move(lower("other"), lower("file"), StandardCopyOption.REPLACE_EXISTING);

    FileNode after = union.file("file");
    assertThat(union.read(after)).isEqualTo("replacement");
    assertThat(after).isNotSameAs(before);
    assertThat(after.ino()).isNotEqualTo(before.ino());
  }

  @Test
  void fileThatBecameADirectoryIsOne() throws Exception {
    Files.delete(lower("file"));
    Files.createDirectory(lower("file"));
    Files.writeString(lower("file/inside"), "inside");

    assertThat(union.read(union.file("file/inside"))).isEqualTo("inside");
  }

  @Test
  void nodeOfAFileThatIsGoneSaysSo() throws Exception {
    FileNode file = union.file("dir/below");
    union.fs().retain(file);
    Files.delete(lower("dir/below"));

    assertThatThrownBy(() -> union.stat(file)).isInstanceOf(ErrnoException.class);
    union.fs().release(file, 1);
  }
}
