package io.unionfs.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/* A socket that takes datagrams is in the tests of the journal, which sends some. */
class UnixDatagramsTest {
  private final Sys sys = Sys.linux();

  @TempDir private Path home = Path.of("");

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /* The temporary directory's path may be longer than a socket's may be. */
  private byte[] inHome(Fd held, String name) {
    return bytes("/proc/self/fd/" + held.raw() + "/" + name);
  }

  private Fd hold() throws ErrnoException {
    return new Fd(sys, sys.openPath(bytes(home.toString()), Linux.O_PATH, 0));
  }

  private void refuses(byte[] path, int errno) throws ErrnoException {
    assertThatThrownBy(() -> UnixDatagrams.requireReceiver(sys, path))
        .isEqualTo(ErrnoException.of(errno));
    try (UnixDatagrams datagrams = UnixDatagrams.open(sys)) {
      assertThat(datagrams.trySend(path, bytes("x"))).isEqualTo(errno);
    }
  }

  @Test
  void whoIsNotThereIsMissed() throws Exception {
    Files.createFile(home.resolve("file"));
    try (Fd held = hold()) {
      refuses(inHome(held, "nothing"), Errno.ENOENT);
      refuses(inHome(held, "file"), Errno.ECONNREFUSED);
      refuses(bytes("/" + "x".repeat(107)), Errno.ENAMETOOLONG);
    }
  }

  @Test
  void whoTakesStreamsAloneIsNoReceiver() throws Exception {
    try (Fd held = hold();
        UnixSocket streams = UnixSocket.listen(sys, inHome(held, "streams"))) {
      assertThat(streams.awaitReadable(0)).isFalse();
      refuses(inHome(held, "streams"), Errno.EPROTOTYPE);
    }
  }

  @Test
  void whatIsTooLongIsNotSent() throws Exception {
    try (UnixDatagrams datagrams = UnixDatagrams.open(sys)) {
      assertThat(datagrams.trySend(bytes("/x"), new byte[UnixDatagrams.MOST_BYTES + 1]))
          .isEqualTo(Errno.EMSGSIZE);
    }
  }
}
