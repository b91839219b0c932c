package io.unionfs.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/*
 * The file is opened at the beginning and read again and again: after the union is mounted nothing is opened by
 * path.
 */
/** Whether a processor has nothing to do, as {@code /proc/loadavg} tells (proc(5)). */
final class IdleProcessor implements AutoCloseable {
  /* Another file may stand in, for tests on machines that are busy. */
  private static final String LOADAVG = System.getProperty("unionfs.loadavg", "/proc/loadavg");

  private static final int LINE_BYTES = 128;

  /* The thread that asks, the compiler that it has work for, and the one that both want to be ahead of. */
  private static final int OURS = 3;

  private final RandomAccessFile file;
  private final int processors;

  private IdleProcessor(RandomAccessFile file, int processors) {
    this.file = file;
    this.processors = processors;
  }

  /**
   * Begins to look.
   *
   * @throws IOException if there is no such file
   */
  static IdleProcessor open() throws IOException {
    return of(LOADAVG, Runtime.getRuntime().availableProcessors());
  }

  /** One that reads another file, for tests. */
  static IdleProcessor of(String file, int processors) throws IOException {
    return new IdleProcessor(new RandomAccessFile(file, "r"), processors);
  }

  /**
   * Whether fewer threads than processors want one, but for ours; of one processor, for two of
   * ours.
   */
  boolean isThere() throws IOException {
    byte[] line = new byte[LINE_BYTES];
    file.seek(0);
    int length = file.read(line);
    String text = new String(line, 0, Math.max(0, length), StandardCharsets.US_ASCII);
    int slash = text.indexOf('/');
    int space = text.lastIndexOf(' ', slash);
    if (space < 0) {
      throw new IOException(LOADAVG + " says " + text);
    }
    try {
      int running = Integer.parseInt(text.substring(space + 1, slash));
      return running < processors + Math.min(OURS, processors + 1);
    } catch (NumberFormatException e) {
      throw new IOException(LOADAVG + " says " + text, e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
