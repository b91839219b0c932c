package io.unionfs.offline.fsck;

import io.unionfs.layer.Layer;
import io.unionfs.layer.LayerDir;
import io.unionfs.layer.Mark;
import io.unionfs.layer.Marks;
import io.unionfs.offline.IndexNames;
import io.unionfs.offline.OpenLayers;
import io.unionfs.sys.Dirents;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Fd;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import io.unionfs.sys.SharedFd;
import io.unionfs.sys.Stat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The check of a work directory: what mounts left, and the index of hard links. */
final class WorkCheck {
  private static final Name WORK = Name.of("work");
  private static final Name INCOMPAT = Name.of("incompat");
  private static final Name VOLATILE = Name.of("volatile");
  private static final Name RENAME = Name.of("rename");

  /* Of mounts, of the kernel's overlayfs, of trying whiteouts out, and of discarding. */
  private static final Pattern TEMPORARY =
      Pattern.compile("#([0-9a-f]+|whiteout|discard-[0-9a-f]+-[0-9]+)");

  /* Of fuse-overlayfs; but a number is a name that others may give, too. */
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  private final OpenLayers layers;
  private final Marks marks;
  private final Report report;
  private final Origins origins;
  private final Origins uppers;
  private final Stat stat = new Stat();
  private final Stat lower = new Stat();

  /**
   * @param origins of the lowers
   * @param uppers of the upper
   */
  WorkCheck(OpenLayers layers, Report report, Origins origins, Origins uppers) {
    this.layers = layers;
    this.marks = layers.marks();
    this.report = report;
    this.origins = origins;
    this.uppers = uppers;
  }

  private interface Entry {
    void look(LayerDir dir, Name name) throws IOException, ErrnoException;
  }

  /**
   * Checks it.
   *
   * @param inUse whether a mount is at work there, so that what is unfinished is as it should be
   */
  void run(Layer work, boolean inUse) throws IOException {
    if (!inUse) {
      each(work.root(), WORK, this::left);
    }
    LayerDir index = null;
    try {
      index = layers.index();
    } catch (ErrnoException e) {
      report.unreadable(work.root(), Name.of("index"), e);
    }
    if (index != null) {
      each(work.root(), index.name(), this::indexed);
    }
  }

  private void each(LayerDir parent, Name directory, Entry entry) throws IOException {
    try {
      int errno = parent.tryStat(directory, stat);
      if (errno == Errno.ENOENT || (errno == 0 && !stat.isDirectory())) {
        return;
      }
      if (errno != 0) {
        throw ErrnoException.of(errno);
      }
      LayerDir dir = parent.child(directory, stat);
      try (Fd listing = new Fd(layers.sys(), dir.openSelf());
          Dirents entries = Dirents.open(layers.sys(), listing.raw())) {
        while (entries.next()) {
          if (!entries.isDotOrDotDot()) {
            report.looked(1);
            entry.look(dir, entries.name());
          }
        }
      }
    } catch (ErrnoException e) {
      report.unreadable(parent, directory, e);
    }
  }

  private void left(LayerDir work, Name name) throws IOException {
    if (name.equals(INCOMPAT)) {
      each(work, name, this::incompat);
      return;
    }
    String text = new String(name.bytes(), StandardCharsets.ISO_8859_1);
    if (TEMPORARY.matcher(text).matches()) {
      report.add(Problem.WORK_LEFT, work, name, null, null, Repair.Kind.REMOVE_TREE);
    } else if (NUMBER.matcher(text).matches()) {
      report.add(Problem.WORK_LEFT, work, name, null, null, Repair.Kind.MOUNT);
    } else {
      report.add(Problem.WORK_UNKNOWN, work, name, null, null);
    }
  }

  private void incompat(LayerDir incompat, Name name) throws IOException {
    if (name.startsWith(RENAME)) {
      report.add(Problem.RENAME_HALFWAY, incompat, name, null, null, Repair.Kind.MOUNT);
    } else {
      Problem problem = name.equals(VOLATILE) ? Problem.VOLATILE : Problem.INCOMPAT;
      report.add(problem, incompat, name, null, null);
    }
  }

  private void indexed(LayerDir index, Name name) throws IOException, ErrnoException {
    int errno = index.tryStat(name, stat);
    if (errno != 0) {
      throw ErrnoException.of(errno);
    }
    if (stat.isDirectory() || stat.isWhiteoutDevice()) {
      return; // the kernel's, for its nfs_export
    }
    if (IndexNames.isNumber(name)) {
      number(index, name);
      return;
    }
    FileHandle origin = IndexNames.origin(name);
    if (origin == null) {
      report.add(Problem.INDEX_BAD, index, name, null, null);
      return;
    }
    Origins.Answer answer = origins.find(origin, lower);
    if (answer == Origins.Answer.GONE) {
      report.add(Problem.INDEX_GONE, index, name, null, null); // it may hold the only copy
    } else {
      count(index, name, answer == Origins.Answer.FOUND);
    }
  }

  private void number(LayerDir index, Name name) throws IOException {
    FileHandle file = IndexNames.numbered(name);
    if (file == null) {
      report.add(Problem.INDEX_BAD, index, name, null, null);
    } else if (uppers.find(file, lower) == Origins.Answer.GONE) {
      report.add(Problem.INDEX_LEFT, index, name, null, null, Repair.Kind.REMOVE);
    }
  }

  /* The names in the union are those in the upper and those that only the lowers have. */
  private void count(LayerDir index, Name name, boolean lowerKnown)
      throws IOException, ErrnoException {
    SharedFd fd = index.pin();
    try {
      Mark mark = null;
      for (Mark found : marks.list(fd.fd(), name)) {
        mark = found.isOverlay() && found.key().equals("nlink") ? found : mark;
      }
      byte[] value = mark == null ? null : marks.value(fd.fd(), name, mark);
      if (value == null) {
        if (stat.isRegular()) { // others may not carry it
          report.add(Problem.INDEX_UNCOUNTED, index, name, null, null);
        }
        return;
      }
      judge(index, name, mark, value, lowerKnown);
    } finally {
      fd.unpin();
    }
  }

  private void judge(
      LayerDir index, Name name, @Nullable Mark mark, byte[] value, boolean lowerKnown)
      throws IOException {
    String text = new String(value, StandardCharsets.ISO_8859_1);
    if (!text.matches("[UL][+-][0-9]{1,9}")) {
      report.add(Problem.NLINK_BAD, index, name, mark, Name.of(value));
      return;
    }
    boolean toLower = text.charAt(0) == 'L';
    if (toLower && !lowerKnown) {
      return;
    }
    long difference = Long.parseLong(text.substring(1));
    long names = difference + (toLower ? lower.nlink : stat.nlink);
    long inUpper = stat.nlink - 1L;
    if (toLower) {
      report.add(Problem.INDEX_HALFWAY, index, name, mark, null, Repair.Kind.MOUNT);
    } else if (inUpper == 0 && names <= 0) {
      report.add(Problem.INDEX_LEFT, index, name, mark, Name.of(value), Repair.Kind.REMOVE);
    } else if (names < inUpper || (lowerKnown && names > inUpper + lower.nlink)) {
      report.add(Problem.INDEX_COUNT, index, name, mark, Name.of(value));
    }
  }
}
