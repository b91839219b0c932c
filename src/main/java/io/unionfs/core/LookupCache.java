package io.unionfs.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unionfs.stack.LowerIndex;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.sys.Name;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/*
 * Exactness: an entry is put only with the read lock of its directory held, and whoever changes a
 * directory holds the write lock and updates the cache before giving it up. So an answer found here
 * was true at some moment during the call that asks.
 */
/** What names in directories mean: nodes and negative entries, for all layers, bounded in bytes. */
final class LookupCache {
  /** A name that no layer has. */
  private static final Object ABSENT = new Object();

  private static final int ENTRY_BYTES = 320;

  /** A name in a directory. Never changed, but for the one that a thread asks with. */
  private static final class Key {
    private long parentId;
    private Name name;

    Key(long parentId, Name name) {
      this.parentId = parentId;
      this.name = name;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && parentId == key.parentId && name.equals(key.name);
    }

    /* Names like file1, file2 in directories with neighbouring numbers must not meet. */
    @Override
    public int hashCode() {
      long mixed = (parentId ^ ((long) name.hashCode() << 32)) * 0x9E3779B97F4A7C15L;
      return (int) (mixed >>> 32);
    }
  }

  /* What is only asked for is not stored, so each thread asks with one key, and makes none. */
  private static final ThreadLocal<Key> ASKED = ThreadLocal.withInitial(() -> new Key(0, Name.DOT));

  private final Cache<Key, Object> entries;
  private final Cache<DirNode, LowerIndex> indexes;
  private final long indexBytes;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder indexHits = new LongAdder();
  private final LongAdder indexMisses = new LongAdder();

  /* Off where others change the layers: then nothing may be remembered. */
  private final boolean active;

  /**
   * @param bytes how much memory entries and indexes may take
   * @param active false for a cache that never knows anything
   */
  LookupCache(long bytes, boolean active) {
    this.active = active;
    this.indexBytes = bytes / 2;
    this.entries =
        Caffeine.newBuilder()
            .maximumWeight(bytes - indexBytes)
            .weigher((Key key, Object value) -> weight(key, value))
            .executor(Runnable::run)
            .build();
    this.indexes =
        Caffeine.newBuilder()
            .maximumWeight(indexBytes)
            .weigher((DirNode dir, LowerIndex index) -> weight(index))
            .executor(Runnable::run)
            .build();
  }

  /** Lets entries take no more than that many bytes. */
  void limitEntries(long bytes) {
    entries
        .policy()
        .eviction()
        .ifPresent(eviction -> eviction.setMaximum(Math.min(bytes, eviction.getMaximum())));
  }

  private static int weight(Key key, Object value) {
    return (value == ABSENT ? ENTRY_BYTES / 2 : ENTRY_BYTES) + key.name.weight();
  }

  private static int weight(LowerIndex index) {
    return (int) Math.min(Integer.MAX_VALUE, index.weight());
  }

  /** The node of a name, {@link #isAbsent absent}, or null where the cache does not know. */
  @Nullable Object find(DirNode parent, Name name) {
    if (!active) {
      misses.increment();
      return null;
    }
    Object found = entries.getIfPresent(asked(parent, name));
    (found == null ? misses : hits).increment();
    return found;
  }

  /** Whether {@link #noteAbsent} noted that name last. */
  boolean isJustAbsent(DirNode parent, Name name) {
    return active && parent.isJustAbsent(name);
  }

  private static Key asked(DirNode parent, Name name) {
    Key key = ASKED.get();
    key.parentId = parent.id();
    key.name = name;
    return key;
  }

  static boolean isAbsent(Object found) {
    return found == ABSENT;
  }

  void put(DirNode parent, Name name, Node node) {
    if (active) {
      parent.clearJustAbsent();
      entries.put(new Key(parent.id(), name), node);
    }
  }

  /** Forgets a name of which it is not certain what it is now. */
  void forget(DirNode parent, Name name) {
    if (active) {
      parent.clearJustAbsent();
      entries.invalidate(new Key(parent.id(), name));
    }
  }

  void putAbsent(DirNode parent, Name name) {
    if (active) {
      entries.put(new Key(parent.id(), name), ABSENT);
    }
  }

  /**
   * Notes that no layer has a name, until something in the directory changes or the next is noted:
   * for the request that makes it, which comes next. What others asked for since has to be asked
   * for again, so a name that is looked up in vain takes no room here.
   */
  void noteAbsent(DirNode parent, Name name) {
    if (active) {
      parent.setJustAbsent(name);
    }
  }

  @Nullable LowerIndex index(DirNode dir) {
    LowerIndex found = indexes.getIfPresent(dir);
    (found == null ? indexMisses : indexHits).increment();
    return found;
  }

  /** Whether an index is small enough to be kept; one that is not would be read again each time. */
  boolean putIndex(DirNode dir, LowerIndex index) {
    if (!active) {
      return false;
    }
    if (weight(index) > indexBytes / 2) {
      return false;
    }
    indexes.put(dir, index);
    return true;
  }

  Statistics statistics() {
    return new Statistics(hits.sum(), misses.sum(), entries.estimatedSize());
  }

  List<CacheFigures> figures() {
    return List.of(
        figures("names", hits, misses, entries),
        figures("lowers", indexHits, indexMisses, indexes));
  }

  private static CacheFigures figures(
      String name, LongAdder hits, LongAdder misses, Cache<?, ?> cache) {
    long bytes = CacheFigures.UNKNOWN;
    long limit = CacheFigures.UNKNOWN;
    var eviction = cache.policy().eviction();
    if (eviction.isPresent()) {
      OptionalLong weight = eviction.get().weightedSize();
      bytes = weight.orElse(CacheFigures.UNKNOWN);
      limit = eviction.get().getMaximum();
    }
    return new CacheFigures(name, hits.sum(), misses.sum(), cache.estimatedSize(), bytes, limit);
  }
}
