package io.unionfs.transport.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.Errno;
import io.unionfs.sys.SocketPair;
import io.unionfs.transport.UnsupportedKernelException;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first exchange, with the test as the kernel. */
final class HandshakeTest {
  private static final Wishes WISHES = new Wishes(true, false, true, true, -1);

  private final SocketPair pair = SocketPair.open();

  @AfterEach
  void close() {
    pair.close();
  }

  private Negotiation shake() throws IOException {
    return Handshake.shake(pair.device(), WISHES);
  }

  /** A reply, past the check of its header. */
  private ByteBuffer reply(int errno, int bodyLength) throws Exception {
    byte[] message = pair.receive();
    ByteBuffer reply = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(message).hasSize(16 + bodyLength);
    assertThat(reply.getInt()).isEqualTo(message.length);
    assertThat(reply.getInt()).isEqualTo(-errno);
    assertThat(reply.getLong()).isEqualTo(Inits.UNIQUE);
    return reply;
  }

  @Test
  void initIsAnsweredWithWhatIsAgreedOn() throws Exception {
    pair.send(Inits.LINUX_6_18.message());

    Negotiation agreed = shake();

    ByteBuffer reply = reply(0, 64);
    assertThat(reply.getInt()).isEqualTo(7);
    assertThat(reply.getInt()).isEqualTo(45);
    assertThat(reply.getInt()).isEqualTo(Inits.READAHEAD);
    assertThat(reply.getInt()).isEqualTo((int) agreed.flags());
  }

  @Test
  void newerMajorIsAskedToTryAgain() throws Exception {
    pair.send(Inits.LINUX_6_18.message(8, 0));
    pair.send(Inits.LINUX_6_18.message());

    Negotiation agreed = shake();

    assertThat(agreed.minor()).isEqualTo(45);
    assertThat(reply(0, 8).getInt()).isEqualTo(7);
    assertThat(reply(0, 64).getInt()).isEqualTo(7);
    assertThat(pair.hasMessage()).isFalse();
  }

  @Test
  void newerMinorGetsTheNewestThatIsKnown() throws Exception {
    pair.send(Inits.LINUX_6_18.message(7, 60));

    assertThat(shake().minor()).isEqualTo(45);
    assertThat(reply(0, 64).getInt(20)).isEqualTo(45);
  }

  @Test
  void tooOldKernelIsRefused() throws Exception {
    pair.send(Inits.LINUX_5_4.message(7, 30));

    assertThatThrownBy(this::shake)
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessageContaining("7.30")
        .hasMessageContaining("7.31");
    reply(Errno.EPROTO, 0);
  }

  @Test
  void tooOldMajorIsRefused() throws Exception {
    pair.send(Inits.LINUX_5_4.message(6, 99));

    assertThatThrownBy(this::shake).isInstanceOf(UnsupportedKernelException.class);
    reply(Errno.EPROTO, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 39, 40, 100})
  void garbageIsRefused(int length) throws Exception {
    byte[] garbage = new byte[length];
    garbage[0] = 42;
    pair.send(garbage);

    assertThatThrownBy(this::shake).isInstanceOf(IOException.class).hasMessageContaining("INIT");
    assertThat(pair.hasMessage()).isFalse();
  }

  @Test
  void shortInitIsRefused() {
    pair.send(RequestBytes.of(Opcode.INIT, 2, 0).u32(7).u32(31).build());

    assertThatThrownBy(this::shake).isInstanceOf(IOException.class).hasMessageContaining("INIT");
  }

  @Test
  void otherRequestIsRefused() {
    pair.send(RequestBytes.of(Opcode.STATFS, 2, 1).build());

    assertThatThrownBy(this::shake).isInstanceOf(IOException.class).hasMessageContaining("INIT");
  }

  @Test
  void endedConnectionIsAnError() {
    pair.hangUp();

    assertThatThrownBy(this::shake).isInstanceOf(IOException.class);
  }
}
