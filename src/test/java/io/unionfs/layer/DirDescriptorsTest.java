package io.unionfs.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirDescriptorsTest {
  @TempDir Path home;
  private final Sys sys = Sys.linux();
  private final List<LayerDir> dirs = new ArrayList<>();
  private Layer layer;

  @BeforeEach
  void open() throws Exception {
    layer = Layer.openLower(sys, home.toString().getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void close() {
    layer.close();
  }

  private SharedFd add(DirDescriptors descriptors) throws Exception {
    byte[] path = home.toString().getBytes(StandardCharsets.UTF_8);
    SharedFd opened = new SharedFd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0));
    LayerDir dir = layer.root().child(Name.of("dir" + dirs.size()));
    assertThat(descriptors.install(dir, null, opened)).isTrue();
    dirs.add(dir);
    return opened;
  }

  private long open(List<LayerDir> among) {
    return among.stream().filter(dir -> dir.descriptor() != null).count();
  }

  @Test
  void staysOpenWhileThereIsRoom() throws Exception {
    DirDescriptors descriptors = new DirDescriptors(100);
    for (int i = 0; i < 100; i++) {
      add(descriptors);
      assertThat(open(dirs)).isEqualTo(i + 1L);
    }

    add(descriptors);
    assertThat(open(dirs)).isEqualTo(100);
    assertThat(dirs.get(100).descriptor()).isNotNull();
    descriptors.close();
    assertThat(open(dirs)).isZero();
  }

  @Test
  void neverMoreThanItMayAreOpen() throws Exception {
    for (int most : new int[] {8, 9, 31, 32, 33}) {
      dirs.clear();
      DirDescriptors descriptors = new DirDescriptors(most);
      for (int i = 0; i < 5 * most; i++) {
        SharedFd added = add(descriptors);
        assertThat(open(dirs)).isEqualTo(Math.min(i + 1, most));
        assertThat(added.tryPin()).isTrue();
        added.unpin();
      }
      descriptors.close();
      assertThat(open(dirs)).isZero();
    }
  }

  @Test
  void whatIsForgottenOrGivenUpMakesRoom() throws Exception {
    DirDescriptors descriptors = new DirDescriptors(16);
    for (int i = 0; i < 16; i++) {
      add(descriptors);
    }
    SharedFd kept = Objects.requireNonNull(dirs.get(3).descriptor());
    assertThat(kept.tryPin()).isTrue();
    descriptors.forget(dirs.get(5));
    descriptors.giveUp();
    assertThat(open(dirs)).isZero();
    assertThat(kept.tryPin()).as("retired, but open for who has it pinned").isFalse();
    kept.unpin();

    for (int i = 0; i < 20; i++) {
      add(descriptors);
    }
    assertThat(open(dirs)).isEqualTo(16);
    descriptors.close();
  }

  @Test
  void whoComesSecondKeepsItsOwn() throws Exception {
    DirDescriptors descriptors = new DirDescriptors(16);
    SharedFd first = add(descriptors);
    byte[] path = home.toString().getBytes(StandardCharsets.UTF_8);
    SharedFd second = new SharedFd(sys, sys.openPath(path, Linux.O_PATH | Linux.O_DIRECTORY, 0));

    assertThat(descriptors.install(dirs.get(0), null, second)).isFalse();
    assertThat(dirs.get(0).descriptor()).isSameAs(first);
    second.retire();
    descriptors.close();
  }
}
