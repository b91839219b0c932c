package io.unionfs.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unionfs.benchmarks.LayerFiles;
import io.unionfs.sys.Name;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/** What it costs to ask the lookup cache, of which the key is the larger part. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CacheKeyBenchmark {
  private static final int NAMES = 1000;
  private static final long CACHE_BYTES = 16L << 20;

  private record Key(long parentId, Name name) {}

  private final Name[] present = new Name[NAMES];
  private final Name[] absent = new Name[NAMES];
  private final LookupCache cache = new LookupCache(CACHE_BYTES, true);
  private final Cache<Key, Object> records = Caffeine.newBuilder().maximumSize(2 * NAMES).build();
  private final Cache<Name, Object> names = Caffeine.newBuilder().maximumSize(2 * NAMES).build();
  private LayerFiles files;
  private UnionFileSystem fs;
  private DirNode dir;
  private int next;

  @SuppressWarnings("NullAway.Init") // set by fill()
  public CacheKeyBenchmark() {}

  /** Puts a thousand names in each cache. */
  @Setup
  public void fill() throws IOException {
    files = LayerFiles.make(1);
    fs = UnionFileSystem.open(Sys.linux(), files.options().build());
    dir = fs.root();
    for (int i = 0; i < NAMES; i++) {
      present[i] = Name.of("name-of-a-file-" + i);
      absent[i] = Name.of("name-of-no-file-" + i);
      cache.put(dir, present[i], dir);
      records.put(new Key(dir.id(), present[i]), dir);
      names.put(present[i], dir);
    }
  }

  /** Removes the layers. */
  @TearDown
  public void close() throws IOException {
    fs.close();
    files.close();
  }

  private Name nextOf(Name[] asked) {
    next = (next + 1) % NAMES;
    return asked[next];
  }

  /** The lookup cache. */
  @Benchmark
  public @Nullable Object find() {
    return cache.find(dir, nextOf(present));
  }

  /** What the lookup cache does not have. */
  @Benchmark
  public @Nullable Object findNothing() {
    return cache.find(dir, nextOf(absent));
  }

  /** A cache that wants a key made for each question. */
  @Benchmark
  public @Nullable Object findByRecord() {
    return records.getIfPresent(new Key(dir.id(), nextOf(present)));
  }

  /** A cache of one directory, for comparison. */
  @Benchmark
  public @Nullable Object findByName() {
    return names.getIfPresent(nextOf(present));
  }
}
