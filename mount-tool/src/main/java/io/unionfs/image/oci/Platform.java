package io.unionfs.image.oci;

/** This machine, in the words of images, which are those of Go. */
final class Platform {
  private Platform() {}

  static String architecture() {
    return "aarch64".equals(System.getProperty("os.arch")) ? "arm64" : "amd64";
  }
}
