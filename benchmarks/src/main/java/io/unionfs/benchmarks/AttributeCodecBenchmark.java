package io.unionfs.benchmarks;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.transport.kernel.codec.In;
import io.unionfs.transport.kernel.codec.Opcode;
import io.unionfs.transport.kernel.codec.Reply;
import io.unionfs.transport.kernel.codec.Request;
import io.unionfs.transport.kernel.codec.Timeouts;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Requests and attributes as the bytes of the protocol. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AttributeCodecBenchmark {
  private static final Name NAME = Name.of("name-of-a-file-17");
  private static final int REPLY_BYTES = 512;
  private static final int OPCODE = 4;

  private final Request request = new Request();
  private final Reply reply = new Reply();
  private final Stat stat = new Stat();
  private final Timeouts timeouts = Timeouts.of(-1);
  private final NativeMemory lookup = NativeMemory.allocate(In.HEADER_SIZE + NAME.length() + 1);
  private final NativeMemory buffer = NativeMemory.allocate(REPLY_BYTES);

  /** Makes a LOOKUP request and attributes. */
  @Setup
  public void make() {
    NativeMemory.zero(lookup.address(), lookup.size());
    NativeMemory.putInt(lookup.address(), (int) lookup.size());
    NativeMemory.putInt(lookup.address() + OPCODE, Opcode.LOOKUP);
    NAME.copyTo(lookup.address() + In.HEADER_SIZE);
    stat.ino = 1 << 20;
    stat.mode = Linux.S_IFREG | 0644;
    stat.size = 1 << 16;
    stat.nlink = 1;
  }

  /** Frees them. */
  @TearDown
  public void free() {
    lookup.close();
    buffer.close();
  }

  /** A request with a name, checked. */
  @Benchmark
  public int request() {
    request.wrap(lookup.address(), (int) lookup.size());
    return request.check() + request.nameLength(0);
  }

  @Benchmark
  public int attr() {
    reply.start(buffer.address(), 2);
    reply.attr(timeouts, stat);
    reply.finish(0);
    return reply.length();
  }

  @Benchmark
  public int entry() {
    reply.start(buffer.address(), 2);
    reply.entry(stat.ino, 1, timeouts, stat);
    reply.finish(0);
    return reply.length();
  }

  @Benchmark
  public int negativeEntry() {
    reply.start(buffer.address(), 2);
    reply.negativeEntry(timeouts);
    reply.finish(0);
    return reply.length();
  }

  /** One entry of READDIRPLUS, with its name. */
  @Benchmark
  public int direntWithAttributes() {
    reply.start(buffer.address(), 2);
    reply.entry(stat.ino, 1, timeouts, stat);
    NAME.copyTo(reply.dirent(stat.ino, 1, Linux.DT_REG, NAME.length()));
    reply.finish(0);
    return reply.length();
  }
}
