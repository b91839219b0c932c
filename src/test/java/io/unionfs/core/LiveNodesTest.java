package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.core.FileNode.Placement;
import io.unionfs.core.Identities.HostInode;
import io.unionfs.core.LiveNodes.Known;
import io.unionfs.sys.Linux;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LiveNodesTest {
  private final LiveNodes nodes = new LiveNodes();

  private static FileNode file(long ino) {
    Placement placement = new Placement(true, List.of(), null);
    return new FileNode(ino, ino, Linux.S_IFREG, 1, placement, null, 0);
  }

  private @Nullable Node find(HostInode host) {
    Node none = file(0);
    Node found = nodes.compute(host, known -> known == null ? none : known);
    if (found == none) {
      nodes.remove(none.known());
      return null;
    }
    return found;
  }

  private static Known known(Node node) {
    return Objects.requireNonNull(node.known());
  }

  @Test
  void everyNodeIsFoundByItsFileSystemAndNumber() {
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      Node node = file(i);
      all.add(node);
      nodes.put(new HostInode(i % 3, i / 3), node);
    }

    assertThat(nodes.size()).isEqualTo(5_000);
    for (int i = 0; i < 5_000; i++) {
      assertThat(find(new HostInode(i % 3, i / 3))).isSameAs(all.get(i));
    }
    assertThat(find(new HostInode(3, 1))).isNull();
  }

  @Test
  void nodeThatIsKnownIsKept() {
    HostInode host = new HostInode(0, 7);
    Node first = nodes.compute(host, known -> file(7));

    assertThat(nodes.compute(host, known -> known == null ? file(8) : known)).isSameAs(first);
    assertThat(nodes.size()).isEqualTo(1);
  }

  @Test
  void numberThatTheHostUsesAgainIsTheNewNodes() {
    HostInode host = new HostInode(0, 7);
    Node old = file(7);
    nodes.put(host, old);
    Node young = file(8);
    nodes.put(host, young);

    nodes.remove(old.known());

    assertThat(find(host)).isSameAs(young);
    assertThat(nodes.size()).isEqualTo(1);
  }

  @Test
  void copyIsKnownByBothNumbersAndForgottenByBoth() {
    Node node = file(7);
    nodes.put(new HostInode(0, 7), node);
    nodes.put(new HostInode(1, 7), node);
    assertThat(find(new HostInode(0, 7))).isSameAs(find(new HostInode(1, 7)));

    nodes.remove(node.known());
    nodes.remove(node.knownCopy());

    assertThat(nodes.size()).isZero();
  }

  @Test
  void entriesOfNodesThatAreGoneAreTakenOut() {
    List<Node> all = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Node node = file(i);
      all.add(node);
      nodes.put(new HostInode(0, i), node);
    }
    for (Node node : all) {
      known(node).enqueue(); // as the collector does
    }

    List<Node> kept = new ArrayList<>();
    for (int i = 0; i < 200; i++) { // some in each part
      Node node = file(i);
      kept.add(node);
      nodes.put(new HostInode(1, i), node);
    }

    assertThat(nodes.size()).isEqualTo(200);
    for (int i = 0; i < 200; i++) {
      assertThat(find(new HostInode(1, i))).isSameAs(kept.get(i));
    }
    assertThat(find(new HostInode(0, 5))).isNull();
  }
}
