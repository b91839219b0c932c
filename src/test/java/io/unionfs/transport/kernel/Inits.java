package io.unionfs.transport.kernel;

import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.RequestBytes;
import java.util.List;

/*
 * What fuse_send_init in fs/fuse/inode.c of each version offers to a mount of /dev/fuse, in a build
 * with FUSE_DAX, FUSE_PASSTHROUGH and FUSE_IO_URING; virtiofs alone gets MAP_ALIGNMENT and SUBMOUNTS.
 */
/**
 * The INIT requests of kernels.
 *
 * @param size of {@code struct fuse_init_in}
 */
record Inits(String kernel, int minor, int flags, int flags2, int size) {
  static final Inits LINUX_5_4 = new Inits("5.4", 31, 0x03fffffb, 0, 16);
  static final Inits LINUX_5_15 = new Inits("5.15", 34, 0x33fffffb, 0, 16);
  static final Inits LINUX_6_2 = new Inits("6.2", 38, 0x73fffffb, 0x0b, 64);
  static final Inits LINUX_6_18 = new Inits("6.18", 45, 0x73fffffb, 0x7ff, 64);

  static final int READAHEAD = 0x20000;
  static final long UNIQUE = 2;

  static List<Inits> all() {
    return List.of(LINUX_5_4, LINUX_5_15, LINUX_6_2, LINUX_6_18);
  }

  byte[] message() {
    return message(7, minor);
  }

  byte[] message(int major, int otherMinor) {
    RequestBytes request =
        RequestBytes.of(Opcode.INIT, UNIQUE, 0)
            .u32(major)
            .u32(otherMinor)
            .u32(READAHEAD)
            .u32(flags);
    return (size == 64 ? request.u32(flags2).bytes(new byte[44]) : request).build();
  }

  @Override
  public String toString() {
    return kernel;
  }
}
