package io.unionfs.cli;

import io.unionfs.sys.OwnProcess;
import java.nio.charset.StandardCharsets;

/** Where unpacked layers are kept if nobody says. */
final class StorePath {
  private static final String OF_ROOT = "/var/lib/unionfs/layers";
  private static final String BELOW_DATA = "/unionfs/layers";

  private StorePath() {}

  /**
   * The store of whoever runs this.
   *
   * @throws IllegalArgumentException for a user without a home, with a message
   */
  static byte[] ofUser() {
    if (OwnProcess.geteuid() == 0) {
      return OF_ROOT.getBytes(StandardCharsets.US_ASCII);
    }
    String data = System.getenv("XDG_DATA_HOME");
    String home = System.getenv("HOME");
    if (data != null && data.startsWith("/")) {
      return (data + BELOW_DATA).getBytes(StandardCharsets.UTF_8);
    }
    if (home == null || !home.startsWith("/")) {
      throw new IllegalArgumentException("HOME is not set; say with --store where layers go");
    }
    return (home + "/.local/share" + BELOW_DATA).getBytes(StandardCharsets.UTF_8);
  }
}
