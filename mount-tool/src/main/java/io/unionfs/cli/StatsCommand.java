package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.unionfs.control.ControlClient;
import io.unionfs.control.MountStatistics;
import io.unionfs.control.StatisticsReader;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code unionfs stats}: what a mounted union does, and how long it takes. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = {
      "Shows what a mounted union has done since it was mounted: requests by operation with their"
          + " times, what was copied up and for which programs, caches, descriptors and memory.",
      "",
      "One request of sixteen is timed, and all of them for ten seconds after somebody asked. Times are"
          + " those of the server, from reading a request to its answer, and up to a quarter too long."
    },
    footer = {
      "",
      "Exit status: 0 done, 1 failure (no union there, another user's, it does not answer), 2 wrong"
          + " usage.",
      "",
      "Example: unionfs stats --watch /mnt/x"
    })
final class StatsCommand implements Callable<Integer> {
  private static final int STANDARD_OUTPUT = 1;
  private static final String TOP_OF_SCREEN = "\033[H\033[J";
  private static final double LEAST_SECONDS = 0.1;
  private static final double MOST_SECONDS = 3600;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line, as docs/CONTROL.md describes.")
  private boolean json;

  @Option(
      names = "--watch",
      description =
          "Asks again and again until it is interrupted; rates and times are those since it last"
              + " asked.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "How often --watch asks; 1 if it is not given.")
  private double seconds;

  @Parameters(paramLabel = "MOUNTPOINT", arity = "1", description = "Where the union is mounted.")
  private String mountPoint = "";

  @Override
  public Integer call() throws IOException {
    if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
      throw new IllegalArgumentException("--interval must be from 0.1 to 3600: " + seconds);
    }
    PrintWriter out = out();
    Sys sys = Sys.linux();
    MountedUnion union = MountedUnion.at(sys, mountPoint);
    boolean terminal = watch && !json && OwnProcess.isTerminal(STANDARD_OUTPUT);
    MountStatistics before = null;
    do {
      String answer = ask(sys, union);
      if (json) {
        out.println(answer);
      } else {
        MountStatistics now = read(union, answer);
        out.print(terminal ? TOP_OF_SCREEN : "");
        StatsReport.print(out, now, before);
        before = now;
      }
      out.flush();
    } while (watch && !System.out.checkError() && pause());
    return 0;
  }

  private boolean pause() {
    LockSupport.parkNanos((long) (seconds * TimeUnit.SECONDS.toNanos(1)));
    return true; // Ctrl-C ends the process
  }

  private PrintWriter out() {
    CommandSpec known = spec;
    return known == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : known.commandLine().getOut();
  }

  private static String ask(Sys sys, MountedUnion union) throws IOException {
    String answer;
    try {
      answer = ControlClient.statistics(sys, union.mount().id(), MountedUnion.owner(union.mount()));
    } catch (ErrnoException e) {
      throw new IOException(
          union.mount().mountPoint()
              + (e.errno() == Errno.EACCES
                  ? ": the union is another user's"
                  : ": the server does not answer: " + Errno.message(e.errno())),
          e);
    }
    if (answer == null) {
      throw new IOException(
          union.mount().mountPoint() + ": no control socket; has the union been unmounted?");
    }
    return answer;
  }

  private static MountStatistics read(MountedUnion union, String answer) throws IOException {
    try {
      return StatisticsReader.read(answer);
    } catch (JsonProcessingException e) {
      throw new IOException(
          union.mount().mountPoint() + ": the server's answer is not understood", e);
    }
  }
}
