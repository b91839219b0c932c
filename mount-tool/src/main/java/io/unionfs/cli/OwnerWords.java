package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.core.IdRanges;
import io.unionfs.core.ShownOwners;
import org.jspecify.annotations.Nullable;

/** What options say of the owners that are shown. */
final class OwnerWords {
  private static final long MOST_ID = 4_294_967_294L;

  private @Nullable String users;
  private @Nullable String groups;
  private @Nullable Long user;
  private @Nullable Long group;
  private boolean root;

  /** Takes a word that is about owners; false for any other. */
  boolean take(Word word) {
    switch (word.key()) {
      case "uidmapping" -> users = once(word, users);
      case "gidmapping" -> groups = once(word, groups);
      case "squash_to_root" -> root = true;
      case "squash_to_uid" -> user = id(word);
      case "squash_to_gid" -> group = id(word);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static String once(Word word, @Nullable String before) {
    String value = MountWords.required(word);
    if (before != null && !before.equals(value)) {
      throw new IllegalArgumentException(
          "two values of "
              + word.key()
              + " given: "
              + RawArguments.show(before)
              + " and "
              + RawArguments.show(value)
              + "; several ranges go into one");
    }
    return value;
  }

  private static long id(Word word) {
    String value = MountWords.required(word);
    try {
      long id = Long.parseLong(value);
      if (id >= 0 && id <= MOST_ID) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw notAnId(word);
    }
    throw notAnId(word);
  }

  private static IllegalArgumentException notAnId(Word word) {
    return new IllegalArgumentException(
        "option "
            + RawArguments.show(word.toString())
            + ": the value must be a number from 0 to "
            + MOST_ID);
  }

  /**
   * How owners are shown.
   *
   * @throws IllegalArgumentException if the words contradict each other; the message is for the
   *     user
   */
  ShownOwners owners() {
    requireOne("uid", user, users);
    requireOne("gid", group, groups);
    return new ShownOwners(
        users == null ? null : IdRanges.parse("uidmapping", users),
        groups == null ? null : IdRanges.parse("gidmapping", groups),
        shown(user),
        shown(group));
  }

  private @Nullable Integer shown(@Nullable Long id) {
    if (id != null) {
      return id.intValue();
    }
    return root ? 0 : null;
  }

  private void requireOne(String kind, @Nullable Long squashed, @Nullable String mapped) {
    String squash = "squash_to_" + kind;
    if (root && squashed != null && squashed != 0) {
      throw new IllegalArgumentException(
          "squash_to_root and "
              + squash
              + " contradict each other: everything is shown as one owner's, so give one of them");
    }
    if (mapped != null && (root || squashed != null)) {
      throw new IllegalArgumentException(
          (root ? "squash_to_root" : squash)
              + " and "
              + kind
              + "mapping contradict each other: the first shows one owner of everything, whatever the"
              + " second says; give one of them");
    }
  }
}
