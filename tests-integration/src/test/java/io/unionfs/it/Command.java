package io.unionfs.it;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A program that is run to its end, as root or as the unprivileged test user. */
final class Command {
  private static final long PATIENCE_SECONDS = 120;

  private final List<String> line = new ArrayList<>();
  private final Account account;
  private @Nullable Path directory;
  private String input = "";
  private long patienceSeconds = PATIENCE_SECONDS;

  private Command(Account account, List<String> line) {
    this.account = account;
    this.line.addAll(line);
  }

  static Command of(Account account, String... line) {
    return new Command(account, List.of(line));
  }

  /** A script of bash that stops at its first failing command. */
  static Command script(Account account, String script) {
    return of(account, "bash", "-euo", "pipefail", "-c", script);
  }

  Command in(Path where) {
    directory = where;
    return this;
  }

  Command input(String text) {
    input = text;
    return this;
  }

  /** Says how long it may take, where the usual patience is too short. */
  Command patience(long seconds) {
    patienceSeconds = seconds;
    return this;
  }

  /** What a program said; bytes that are not ASCII are chars of the same number. */
  record Result(int status, String out, String err) {
    Result expectSuccess() {
      if (status != 0) {
        throw new AssertionError("exit status " + status + "\n" + out + err);
      }
      return this;
    }
  }

  Process start(File out, File err) throws IOException {
    List<String> whole = new ArrayList<>(account.prefix());
    Path where = directory;
    if (where != null) {
      // entered as the account: a mount of the user's is closed even to root
      whole.addAll(List.of("env", "--chdir=" + where));
    }
    whole.addAll(line);
    ProcessBuilder builder = new ProcessBuilder(whole).redirectOutput(out).redirectError(err);
    builder.environment().put("LC_ALL", "C.UTF-8");
    if (account == Account.USER) {
      builder.environment().put("HOME", "/tmp");
    }
    return builder.start();
  }

  /** Runs the program; one that hangs is killed, with the unions it may hang on aborted. */
  Result run() throws IOException, InterruptedException {
    Path out = Files.createTempFile("unionfs-it-", ".out");
    Path err = Files.createTempFile("unionfs-it-", ".err");
    try {
      Process process = start(out.toFile(), err.toFile());
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.ISO_8859_1));
      } catch (IOException e) {
        if (process.isAlive()) {
          throw e;
        }
      }
      if (!process.waitFor(patienceSeconds, TimeUnit.SECONDS)) {
        FuseConnections.abortAll();
        process.destroyForcibly();
        process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        throw new AssertionError("hangs: " + line + "\n" + read(out) + read(err));
      }
      return new Result(process.exitValue(), read(out), read(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  /** Runs it, requires success, and gives its output. */
  String output() throws IOException, InterruptedException {
    return run().expectSuccess().out();
  }
}
