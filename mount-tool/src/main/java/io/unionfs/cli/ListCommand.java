package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.unionfs.control.ControlClient;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.MountInfo;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unionfs list}: the mounted unions, as their servers describe them. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Lists the mounted unions that you may see, and how each is served.",
    footer = {
      "",
      "Exit status: 0; 1 if the mount table cannot be read; 2 wrong usage.",
      "A union of another user, or without a control socket, is listed without details; one whose server is"
          + " gone with the command that unmounts it. Listed are the unions of the mount namespace that"
          + " this command runs in: for those of a container, run it there, or with nsenter --mount."
    })
final class ListCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line, as docs/CONTROL.md describes.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Also why the transport was chosen, and what was agreed on with the kernel.")
  private boolean verbose;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = out();
    Sys sys = Sys.linux();
    List<ListedMount> listed = new ArrayList<>();
    try {
      for (MountInfo mount : MountInfo.read(sys)) {
        if (mount.type().equals(MountedUnion.TYPE)) {
          listed.add(ask(sys, mount));
        }
      }
    } catch (ErrnoException e) {
      throw new IOException("the mount table: " + e.getMessage(), e);
    }
    if (json) {
      listed.forEach(mount -> out.println(mount.json()));
    } else {
      MountTable.print(out, listed, verbose, Instant.now().getEpochSecond());
    }
    out.flush();
    return 0;
  }

  private PrintWriter out() {
    CommandSpec known = spec;
    return known == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : known.commandLine().getOut();
  }

  /* What the server says, or what can be said without it. */
  private static ListedMount ask(Sys sys, MountInfo mount) throws IOException {
    Integer owner = MountedUnion.owner(mount);
    String problem;
    try {
      String said = ControlClient.status(sys, mount.id(), owner);
      if (said != null) {
        return ListedMount.of(mount.mountPoint(), said);
      }
      problem = silent(sys, mount);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EACCES) {
        problem = "not answering: " + e.getMessage();
      } else if (owner != null && owner == OwnProcess.geteuid()) {
        problem = silent(sys, mount); // the directory where its socket would be is another user's
      } else {
        problem = "another user's";
      }
    } catch (JsonProcessingException e) {
      problem = "not answering: what it says is no status";
    }
    return ListedMount.unknown(mount.mountPoint(), problem);
  }

  private static String silent(Sys sys, MountInfo mount) throws IOException {
    return DeadServer.leaves(sys, mount) ? DeadServer.advice(mount) : "no control socket";
  }
}
