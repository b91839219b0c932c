package io.unionfs.offline.fsck;

import static io.unionfs.offline.fsck.Severity.ERROR;
import static io.unionfs.offline.fsck.Severity.NOTE;
import static io.unionfs.offline.fsck.Severity.WARNING;

/** What can be wrong with layers. */
public enum Problem {
  UNREADABLE("unreadable", ERROR, "it could not be looked at, nor what is below it"),
  OPAQUE_MISPLACED("opaque-misplaced", WARNING, "an opaque mark means nothing but on a directory"),
  OPAQUE_UNKNOWN("opaque-unknown", WARNING, "an opaque mark with a value that no program writes"),
  REDIRECT_BAD(
      "redirect-bad",
      ERROR,
      "a redirect mark that is no path down from the root of the layers: mounts answer EIO"),
  REDIRECT_NOT_FOLLOWED(
      "redirect-not-followed",
      WARNING,
      "a redirect mark that a mount with these options does not follow: it answers EIO"),
  REDIRECT_NOWHERE(
      "redirect-nowhere",
      ERROR,
      "a redirect mark that leads to no directory of the layers below: what was there is missing"),
  REDIRECT_TWICE(
      "redirect-twice",
      WARNING,
      "a redirect mark that leads to a directory that the union shows at another place as well"),
  REDIRECT_MISPLACED(
      "redirect-misplaced",
      WARNING,
      "a redirect mark means nothing but on a directory or a regular file"),
  METACOPY_NO_DATA(
      "metacopy-no-data",
      ERROR,
      "a file without data of its own for which the layers below have none: mounts answer EIO"),
  METACOPY_NOT_FOLLOWED(
      "metacopy-not-followed",
      WARNING,
      "a file without data of its own, which a mount with these options does not follow: it answers"
          + " EIO"),
  METACOPY_MISPLACED(
      "metacopy-misplaced", WARNING, "a metacopy mark means nothing but on a regular file"),
  WHITEOUT_UNANNOUNCED(
      "whiteout-unannounced",
      ERROR,
      "a whiteout that is a file with an xattr, in a directory or layer that is not marked to hold"
          + " such ones: the deleted name shows again"),
  WHITEOUT_MISPLACED(
      "whiteout-misplaced", WARNING, "a whiteout mark means nothing but on an empty regular file"),
  WHITEOUT_IDLE("whiteout-idle", NOTE, "a whiteout of a name that the layers below do not have"),
  ORIGIN_BAD("origin-bad", WARNING, "an origin mark that is no file handle of this machine's kind"),
  ORIGIN_GONE(
      "origin-gone",
      WARNING,
      "the lower file that this was copied from is not found: its inode number changes, and other"
          + " names of it may stand apart; were the layers copied, or are these other ones?"),
  NLINK_BAD("nlink-bad", WARNING, "a link count mark that is no count"),
  NLINK_APART(
      "nlink-apart",
      NOTE,
      "a file of several names without its entry in the index: names that only the lowers have stand"
          + " apart"),
  INDEX_GONE(
      "index-gone",
      WARNING,
      "an entry of the index whose lower file is not found: it is of no use"),
  INDEX_BAD("index-bad", WARNING, "an entry of the index with a name that no program makes"),
  INDEX_COUNT(
      "index-count",
      ERROR,
      "an entry of the index with a link count that cannot be: the file may be lost too early, or never"
          + " go"),
  INDEX_UNCOUNTED(
      "index-uncounted", WARNING, "an entry of the index without a link count: st_nlink is wrong"),
  INDEX_HALFWAY(
      "index-halfway", NOTE, "an entry of the index of which a link was being made when it ended"),
  INDEX_LEFT("index-left", NOTE, "an entry of the index of a file that has no name any more"),
  WORK_LEFT("work-left", NOTE, "something unfinished that a mount left when it ended"),
  WORK_UNKNOWN(
      "work-unknown",
      WARNING,
      "an entry of the work directory with a name that no program makes: the next mount removes it"),
  RENAME_HALFWAY("rename-halfway", NOTE, "a rename that was half done when a mount ended"),
  VOLATILE(
      "volatile",
      WARNING,
      "a volatile mount that did not end cleanly: files of the upper may be damaged, and mounts are"
          + " refused"),
  INCOMPAT("incompat", ERROR, "the mark of an unknown feature: mounts are refused"),
  MIXED_MARKS(
      "mixed-marks",
      NOTE,
      "marks in trusted.overlay. and in user.overlay. in one layer: no program writes or follows both"),
  MIXED_WHITEOUTS(
      "mixed-whiteouts",
      NOTE,
      "whiteouts of several formats in one layer: other programs know one");

  private final String key;
  private final Severity severity;
  private final String meaning;

  Problem(String key, Severity severity, String meaning) {
    this.key = key;
    this.severity = severity;
    this.meaning = meaning;
  }

  /** What JSON calls it. */
  public String key() {
    return key;
  }

  public Severity severity() {
    return severity;
  }

  /** What it means, in a sentence without its end. */
  public String meaning() {
    return meaning;
  }
}
