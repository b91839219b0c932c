package io.unionfs.offline;

import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Marks;
import io.unionfs.stack.DiscardSteps;
import io.unionfs.stack.DiscardSteps.Entry;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A count that is too low lets the copy go with a name that is not its last one, too high a one does no
 * harm: so it is raised first. Where the entry stays after all, the next attempt raises it again.
 */
/** The counts of copies in the index that get names back, while no mount uses them. */
final class LinkCounts {
  private static final Logger log = LoggerFactory.getLogger(LinkCounts.class);

  /** What takes an entry out of the upper. */
  interface Going {
    void run() throws ErrnoException;
  }

  private final Marks writing;
  private final LayerDir index;

  LinkCounts(Marks writing, LayerDir index) {
    this.writing = writing;
    this.index = index;
  }

  /** Has an entry go, with the names counted that show again then. */
  void with(Entry entry, LayerDir dir, Going going) throws ErrnoException {
    Deque<Map.Entry<Name, DiscardSteps.Links>> raised = new ArrayDeque<>();
    boolean done = false;
    try {
      for (Map.Entry<Name, DiscardSteps.Links> each : entry.shownAgain().entrySet()) {
        add(each.getKey(), each.getValue().more(), each.getValue().lower());
        raised.push(each);
      }
      going.run();
      done = true;
    } finally {
      if (!done && stays(dir, entry.name())) {
        raised.forEach(this::takeBack);
      }
    }
  }

  private static boolean stays(LayerDir dir, Name name) {
    try {
      return dir.tryStat(name, new Stat()) == 0;
    } catch (ErrnoException e) {
      log.warn("{}: may count too many names: {}", name, e.getMessage());
      return false;
    }
  }

  private void takeBack(Map.Entry<Name, DiscardSteps.Links> each) {
    try {
      add(each.getKey(), -each.getValue().more(), each.getValue().lower());
    } catch (ErrnoException e) {
      log.warn(
          "{}: counts {} names too many: {}",
          each.getKey(),
          each.getValue().more(),
          e.getMessage());
    }
  }

  private void add(Name name, int more, int lowerLinks) throws ErrnoException {
    SharedFd fd = index.pin();
    try {
      Stat copy = Discard.statOf(index, name);
      Integer difference = writing.nlinkDifference(fd.fd(), name, copy.nlink, lowerLinks);
      if (difference != null) {
        writing.setNlinkDifference(fd.fd(), name, difference + more);
      }
    } finally {
      fd.unpin();
    }
  }
}
