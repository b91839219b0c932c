package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.core.FileNode.Link;
import io.unionfs.core.FileNode.Placement;
import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.stack.Resolution.Place;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node of a file that is still where it was found in a lower. */
final class FoundFileNodeTest {
  private static final Name NAME = Name.of("name");

  @TempDir Path home;
  private Layer layer;
  private DirNode root;

  @BeforeEach
  void open() throws Exception {
    layer = Layer.openLower(Sys.linux(), home.toString().getBytes(StandardCharsets.UTF_8));
    root = new DirNode(1, 1, 1, null, Name.DOT, null, List.of(layer.root()));
  }

  @AfterEach
  void close() {
    layer.close();
  }

  private FileNode found() {
    return new FileNode(2, 2, Linux.S_IFREG, 1, root, NAME, layer.root(), 1);
  }

  @Test
  void hasItsOneNameAndNoCopy() {
    FileNode file = found();

    assertThat(file.copiedUp()).isFalse();
    assertThat(file.dataInUpper()).isFalse();
    assertThat(file.index()).isNull();
    assertThat(file.hasNoName()).isFalse();
    assertThat(file.hasLower()).isTrue();
    assertThat(file.hasLinkAt(root, Name.of("name"))).isTrue();
    assertThat(file.hasLinkAt(root, Name.of("other"))).isFalse();
    assertThat(file.path()).isEqualTo("/name");
    assertThat(file.requireLower()).isEqualTo(new Place(layer.root(), NAME));
    assertThat(file.placement())
        .isEqualTo(new Placement(false, List.of(new Link(root, NAME, false)), null));
    assertThat(file.placement()).isSameAs(file.placement());
    assertThat(file.hasLinkAt(root, NAME)).isTrue();
  }

  @Test
  void canGetAndLoseNames() {
    FileNode file = found();

    file.update(now -> now.withLink(new Link(root, Name.of("more"), false)));
    assertThat(file.hasLinkAt(root, NAME)).isTrue();
    assertThat(file.hasLinkAt(root, Name.of("more"))).isTrue();

    file.update(now -> now.withoutLink(root, NAME).withoutLink(root, Name.of("more")));
    assertThat(file.hasLinkAt(root, NAME)).isFalse();
    assertThat(file.hasNoName()).isTrue();
    assertThat(file.requireLower().name()).isEqualTo(NAME);
  }

  @Test
  void followsItsLower() {
    FileNode file = found();
    LayerDir below = layer.root().child(Name.of("below"));

    file.setLower(layer.root(), NAME);
    assertThat(file.requireLower()).isEqualTo(new Place(layer.root(), NAME));
    file.setLower(below, NAME);
    assertThat(file.requireLower()).isEqualTo(new Place(below, NAME));
    file.setLower(layer.root(), NAME);
    assertThat(file.requireLower()).isEqualTo(new Place(layer.root(), NAME));
    assertThat(file.hasLinkAt(root, NAME)).isTrue();
  }

  @Test
  void threadsThatAskAtOnceChangeOnePlacement() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 500; round++) {
        FileNode file = found();
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          Name more = Name.of("more" + i);
          all.add(
              pool.submit(
                  () -> {
                    together.await();
                    assertThat(file.hasLinkAt(root, NAME)).isTrue();
                    return file.update(now -> now.withLink(new Link(root, more, false)));
                  }));
        }
        for (Future<?> each : all) {
          each.get();
        }
        assertThat(file.placement().links()).hasSize(threads + 1);
        assertThat(Set.copyOf(file.placement().links())).hasSize(threads + 1);
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
