package io.unionfs.transport.kernel;

import io.unionfs.sys.Errno;
import io.unionfs.sys.FuseDevice;
import io.unionfs.sys.NativeMemory;
import io.unionfs.transport.UnsupportedKernelException;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import java.io.IOException;

/** The first exchange on a new connection. */
final class Handshake {
  private static final int BUFFER_SIZE = 256 << 10;

  private Handshake() {}

  /**
   * Waits for INIT and answers it.
   *
   * @throws IOException if the kernel is too old, or something else than INIT comes first; the
   *     message is for the user
   */
  static Negotiation shake(FuseDevice device, Wishes wishes) throws IOException {
    try (NativeMemory buffer = NativeMemory.allocate(BUFFER_SIZE)) {
      Request request = new Request();
      Reply reply = new Reply();
      while (true) {
        request.wrap(buffer.address(), read(device, buffer));
        if (!request.hasHeader() || request.check() != 0 || request.opcode() != Opcode.INIT) {
          throw new IOException("the kernel does not begin with INIT; is the descriptor in use?");
        }
        reply.start(request.behind(), request.unique());
        int major = request.u32(In.INIT_MAJOR);
        int minor = request.u32(In.INIT_MINOR);
        if (major > Negotiation.MAJOR) {
          reply.u32(Negotiation.MAJOR); // the kernel tries again with ours
          reply.u32(0);
          send(device, reply, 0);
          continue;
        }
        if (major < Negotiation.MAJOR || minor < Negotiation.OLDEST_MINOR) {
          send(device, reply, Errno.EPROTO);
          throw new UnsupportedKernelException(
              "the kernel speaks version "
                  + major
                  + "."
                  + minor
                  + " of the FUSE protocol; 7.31 (Linux 5.4) is the oldest that is understood");
        }
        Negotiation agreed = Negotiation.with(request, wishes);
        agreed.write(reply);
        send(device, reply, 0);
        return agreed;
      }
    }
  }

  private static int read(FuseDevice device, NativeMemory buffer) throws IOException {
    while (true) {
      int length = device.read(buffer.address(), (int) buffer.size());
      if (length > 0) {
        return length;
      }
      if (length != -Errno.EINTR && length != -Errno.ENOENT && length != -Errno.EAGAIN) {
        throw new IOException("no INIT from the kernel: " + Errno.message(-length));
      }
    }
  }

  private static void send(FuseDevice device, Reply reply, int errno) throws IOException {
    reply.finish(errno);
    int refused = device.write(reply.address(), reply.length());
    if (refused != 0) {
      throw new IOException("the kernel refuses the answer to INIT: " + Errno.message(refused));
    }
  }
}
