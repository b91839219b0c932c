package io.unionfs.transport.jnrfuse;

import io.unionfs.transport.jnrfuse.Operation.Body;
import io.unionfs.transport.jnrfuse.Operation.Subject;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.BaseStruct;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * libfuse's {@code struct fuse_operations}, as jnr-fuse declares it, filled with our functions.
 * libfuse copies the table but calls the functions, so this must outlive the session.
 */
final class OperationTable {
  /** jnr-fuse's declaration, which tells its members' places only to subclasses. */
  private static final class Declaration extends FuseOperations {
    Declaration() {
      super(Runtime.getSystemRuntime());
    }

    long offset(Func<?> member) {
      return member.offset();
    }

    long flagsOffset() {
      return flag_nullpath_ok.offset();
    }
  }

  /** {@code flag_nullpath_ok}, {@code flag_nopath}, {@code flag_utime_omit_ok}. */
  private static final byte FLAGS = 0b111;

  private final boolean trace;
  private final Declaration at = new Declaration();
  private final Pointer memory;

  /** The functions, which live as long as this refers to them. */
  private final List<Operation> operations = new ArrayList<>();

  private final List<Pointer> pointers = new ArrayList<>();

  private OperationTable(boolean trace) {
    this.trace = trace;
    memory = Memory.allocateDirect(Runtime.getSystemRuntime(), Struct.size(at), true);
    // jnr-fuse declares a byte for each of the bits, which are in the first of those bytes.
    memory.putByte(at.flagsOffset(), FLAGS);
  }

  /**
   * A table with all operations that the union offers. What is left out, libfuse answers with
   * {@code ENOSYS}, and the kernel does by itself: access (it checks modes), lock and flock, poll.
   */
  static OperationTable create(MountContext context, boolean trace) {
    OperationTable table = new OperationTable(trace);
    table.addMount(new MountOperations(context.fs()));
    table.addNames(new NameOperations(context));
    table.addHandles(new HandleOperations(context));
    if (context.fs().options().xattrs()) {
      table.addXattrs(new XattrOperations(context)); // else the kernel does not ask again
    }
    return table;
  }

  /** The address of the table. */
  long address() {
    return memory.address();
  }

  /** The size of the table in bytes. */
  long size() {
    return Struct.size(at);
  }

  private void addMount(MountOperations mount) {
    put(at.init, "init", Subject.NONE, (connection, u1, u2, u3, u4) -> mount.init(connection));
    put(at.statfs, "statfs", Subject.PATH, (p, answer, u1, u2, u3) -> mount.statfs(answer));
  }

  private void addNames(NameOperations names) {
    put(at.getattr, "getattr", Subject.PATH, (p, stat, u1, u2, u3) -> names.getattr(p, stat));
    put(
        at.readlink,
        "readlink",
        Subject.PATH,
        (p, buffer, size, u1, u2) -> names.readlink(p, buffer, size));
    put(
        at.mknod,
        "mknod",
        Subject.PATH,
        (p, mode, rdev, u1, u2) -> names.mknod(p, (int) mode, rdev));
    put(at.mkdir, "mkdir", Subject.PATH, (p, mode, u1, u2, u3) -> names.mkdir(p, (int) mode));
    put(at.unlink, "unlink", Subject.PATH, (p, u1, u2, u3, u4) -> names.unlink(p));
    put(at.rmdir, "rmdir", Subject.PATH, (p, u1, u2, u3, u4) -> names.rmdir(p));
    put(at.symlink, "symlink", Subject.SECOND_PATH, (t, p, u1, u2, u3) -> names.symlink(t, p));
    put(at.rename, "rename", Subject.TWO_PATHS, (from, to, u1, u2, u3) -> names.rename(from, to));
    put(at.link, "link", Subject.TWO_PATHS, (from, to, u1, u2, u3) -> names.link(from, to));
    put(at.chmod, "chmod", Subject.PATH, (p, mode, u1, u2, u3) -> names.chmod(p, (int) mode));
    put(
        at.chown,
        "chown",
        Subject.PATH,
        (p, uid, gid, u1, u2) -> names.chown(p, (int) uid, (int) gid));
    put(at.truncate, "truncate", Subject.PATH, (p, size, u1, u2, u3) -> names.truncate(p, size));
    put(at.utimens, "utimens", Subject.PATH, (p, times, u1, u2, u3) -> names.utimens(p, times));
  }

  private void addHandles(HandleOperations open) {
    put(at.create, "create", Subject.PATH, (p, mode, fi, u1, u2) -> open.create(p, (int) mode, fi));
    put(at.open, "open", Subject.PATH, (p, fi, u1, u2, u3) -> open.open(p, fi));
    put(at.read, "read", Subject.PATH, (p, buf, size, off, fi) -> open.read(buf, size, off, fi));
    put(at.write, "write", Subject.PATH, (p, buf, size, off, fi) -> open.write(buf, size, off, fi));
    put(at.release, "release", Subject.PATH, (p, fi, u1, u2, u3) -> open.release(fi));
    put(at.fsync, "fsync", Subject.PATH, (p, data, fi, u1, u2) -> open.fsync((int) data, fi));
    put(at.ftruncate, "ftruncate", Subject.PATH, (p, size, fi, u1, u2) -> open.ftruncate(size, fi));
    put(at.fgetattr, "fgetattr", Subject.PATH, (p, stat, fi, u1, u2) -> open.fgetattr(stat, fi));
    put(
        at.fallocate,
        "fallocate",
        Subject.PATH,
        (p, mode, off, length, fi) -> open.fallocate((int) mode, off, length, fi));
    put(at.opendir, "opendir", Subject.PATH, (p, fi, u1, u2, u3) -> open.opendir(p, fi));
    put(
        at.readdir,
        "readdir",
        Subject.PATH,
        (p, buf, fill, off, fi) -> open.readdir(buf, fill, off, fi));
    put(at.releasedir, "releasedir", Subject.PATH, (p, fi, u1, u2, u3) -> open.releasedir(fi));
    put(at.fsyncdir, "fsyncdir", Subject.PATH, (p, data, fi, u1, u2) -> open.fsync((int) data, fi));
  }

  private void addXattrs(XattrOperations xattrs) {
    put(
        at.setxattr,
        "setxattr",
        Subject.PATH,
        (p, name, value, size, flags) -> xattrs.setxattr(p, name, value, size, (int) flags));
    put(
        at.getxattr,
        "getxattr",
        Subject.PATH,
        (p, name, buffer, size, u1) -> xattrs.getxattr(p, name, buffer, size));
    put(
        at.listxattr,
        "listxattr",
        Subject.PATH,
        (p, buffer, size, u1, u2) -> xattrs.listxattr(p, buffer, size));
    put(
        at.removexattr,
        "removexattr",
        Subject.PATH,
        (p, name, u1, u2, u3) -> xattrs.removexattr(p, name));
  }

  private void put(BaseStruct.Func<?> member, String name, Subject subject, Body body) {
    Operation operation = new Operation(name, subject, body, trace);
    Pointer pointer = NativeFunction.pointer(operation);
    operations.add(operation);
    pointers.add(pointer);
    memory.putAddress(at.offset(member), pointer.address());
  }
}
