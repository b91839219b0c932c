package io.unionfs.offline.fsck;

import io.unionfs.sys.Name;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * Repairs are carried out as a second check finds them, so that the findings, with their paths, need not be
 * kept. Of each there is a digest, by which the second check knows what the first one told the user.
 */
/** What a first check has told: a second one sets right nothing else. */
public final class Announced {
  private static final int DIGEST_BYTES = 16;

  private record Digest(long first, long second) {}

  private final Set<Digest> told = new HashSet<>();
  private @Nullable Problem doubt;
  private @Nullable Provenance provenance;

  /** Adds what the first check finds. */
  public void add(Finding finding) {
    told.add(digest(finding));
    switch (finding.problem()) {
      case ORIGIN_GONE, INDEX_GONE, UNREADABLE, REDIRECT_NOWHERE, METACOPY_NO_DATA ->
          doubt = finding.problem();
      default -> {
        // says nothing about the lowers
      }
    }
  }

  /** Ends the first check. */
  public void end(Provenance lowers) {
    provenance = lowers;
  }

  /** Whether the first check told it as well. */
  public boolean has(Finding finding) {
    return told.contains(digest(finding));
  }

  /** Why a repair is better left; null where it may be carried out. */
  public @Nullable String objection(Repair repair) {
    if (!repair.trustsLowers()) {
      return null;
    }
    Problem found = doubt;
    if (found != null) {
      return "these may not be the lower directories that the upper was made on ("
          + found.key()
          + " was found)";
    }
    Provenance origins = provenance;
    if (origins == null || !origins.isSure()) {
      return "nothing shows that these are the lower directories that the upper was made on (its"
          + " origins are not all found there, or it has none)";
    }
    return null;
  }

  private static Digest digest(Finding finding) {
    MessageDigest digest = sha256();
    update(digest, Name.of(finding.problem().key()));
    update(digest, Name.of(finding.layer()));
    update(digest, finding.path());
    Name mark = finding.mark();
    if (mark != null) {
      update(digest, mark);
    }
    ByteBuffer bytes = ByteBuffer.wrap(digest.digest(), 0, DIGEST_BYTES);
    return new Digest(bytes.getLong(), bytes.getLong());
  }

  /* A name has no zero byte. */
  private static void update(MessageDigest digest, Name part) {
    digest.update(part.bytes());
    digest.update((byte) 0);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
