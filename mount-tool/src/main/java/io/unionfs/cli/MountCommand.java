package io.unionfs.cli;

import io.unionfs.UnionMount;
import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import io.unionfs.cli.log.LogOutput;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Sys;
import io.unionfs.transport.Transport;
import java.io.IOException;
import java.util.List;

/** {@code unionfs-mount}: mounts a union and serves it. */
final class MountCommand {
  private final MountLine line;

  MountCommand(MountLine line) {
    this.line = line;
  }

  /** The exit status, when the union is no longer mounted. */
  int run() throws IOException, InterruptedException, ErrnoException {
    LogOutput.readTimeZone(); // while the other thread is at work
    HeadStart.awaitClasses();
    if (line.value("--image") != null || line.value("--store") != null) {
      // the launcher puts --lower in their place, so that no server has to unpack
      throw new IllegalArgumentException("--store is for --image, and both for the launcher alone");
    }
    MountWords gathered = gather();
    List<String> positionals = line.positionals();
    if (positionals.size() > 2) {
      throw new IllegalArgumentException(
          "a source and a mount point are two arguments, and there are " + positionals.size());
    }
    String mountPoint = positionals.get(positionals.size() - 1);
    if (gathered.isRemount()) {
      new Remount(Sys.linux()).run(mountPoint, gathered.keys(), line::warn);
      StatusPipe.leaveDirectory(); // it may be in the mount, which the caller may unmount next
      return 0;
    }
    boolean debug = line.isGiven("--debug");
    gathered.log().open(debug ? Level.TRACE : Level.WARN, mountPoint);
    String transport = line.value("--transport");
    UnionMount.Builder builder =
        UnionMount.builder()
            .transport(transport == null ? Transport.AUTO : Transport.parse(transport));
    gathered.applyTo(builder);
    for (String warning : gathered.warnings()) {
      line.warn(warning);
    }
    ServerProcess.prepare();
    UnionMount mount = builder.mount(RawArguments.bytes(mountPoint));
    if (StatusPipe.isPresent() && !line.isGiven("--foreground") && !debug) {
      StatusPipe.detach();
      LogOutput.leaveTerminal();
      if (!StatusPipe.reportMounted(mountPoint)) {
        mount.close();
        LogOutput.finish();
        return Main.FAILED;
      }
    }
    mount.awaitUnmounted();
    LogOutput.finish();
    return 0;
  }

  private MountWords gather() {
    MountWords gathered = new MountWords();
    List<String> positionals = line.positionals();
    if (positionals.size() == 2) {
      gathered.fsname(positionals.get(0));
    }
    line.values("--lower").forEach(gathered::lowers);
    line.values("--upper").forEach(gathered::upper);
    line.values("--work").forEach(gathered::work);
    for (String list : line.values("-o")) {
      List<Word> read = OptionWords.words(list);
      if (MountWords.namesLowers(read) && !line.values("--lower").isEmpty()) {
        throw new IllegalArgumentException(
            "lower directories are given by --lower (or --image) and by lowerdir= of -o: give them"
                + " in one way, so that their order is told");
      }
      read.forEach(gathered::word);
      if (positionals.size() == 1 && MountWords.namesLowers(read)) {
        gathered.calledByEngine();
      }
    }
    line.words().forEach(gathered::word);
    return gathered;
  }
}
