package io.unionfs;

import io.unionfs.control.ControlServer;
import io.unionfs.control.ControlledMount;
import io.unionfs.control.MountStatistics;
import io.unionfs.control.MountStatus;
import io.unionfs.control.MountedLayers;
import io.unionfs.core.MountOptions;
import io.unionfs.core.RedirectDir;
import io.unionfs.core.ShownOwners;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.layer.WhiteoutFormat;
import io.unionfs.statistics.Proc;
import io.unionfs.sys.Errno;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Sys;
import io.unionfs.transport.IoProfile;
import io.unionfs.transport.MountPoint;
import io.unionfs.transport.Session;
import io.unionfs.transport.Started;
import io.unionfs.transport.Transport;
import io.unionfs.transport.Transports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted union of directories.
 *
 * <pre>{@code
 * try (UnionMount union = UnionMount.builder().lower(base).upper(changes).mount()) {
 *   Files.writeString(union.mountPoint().resolve("file"), "lands in the upper");
 * }
 * }</pre>
 *
 * <p>The mount is served by threads of this process and ends with {@link #close}, with umount(8) by
 * anybody who may, or with the process: one shutdown hook unmounts what is still mounted. Safe for
 * use by several threads.
 */
public final class UnionMount implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(UnionMount.class);
  private static final long MILLIS = 1000;
  private static final Set<UnionMount> LIVE = ConcurrentHashMap.newKeySet();
  private static final AtomicBoolean HOOKED = new AtomicBoolean();
  private static final ReentrantReadWriteLock STARTS = new ReentrantReadWriteLock();

  private final UnionFileSystem fs;
  private final Session session;
  private final String reason;
  private final byte[] mountPoint;
  private final boolean temporary;
  private final Thread reaper;

  private final long since = System.currentTimeMillis() / MILLIS;
  private final long sinceNanos = System.nanoTime();
  private final @Nullable ControlServer control;

  private UnionMount(UnionFileSystem fs, Started started, byte[] mountPoint, boolean temporary) {
    this.fs = fs;
    this.session = started.session();
    this.reason = started.reason();
    this.mountPoint = mountPoint;
    this.temporary = temporary;
    this.reaper = new Thread(this::reap, "unionfs-end");
    long mountId = session.mountId();
    this.control = mountId < 0 ? null : ControlServer.open(Sys.linux(), mountId, controlled());
  }

  /** A maker of mounts, with nothing chosen yet. */
  public static Builder builder() {
    return new Builder();
  }

  private static UnionMount start(
      UnionFileSystem fs, MountPoint at, Transport transport, boolean temporary)
      throws IOException {
    if (HOOKED.compareAndSet(false, true)) {
      Runtime.getRuntime().addShutdownHook(new Thread(UnionMount::closeAll, "unionfs-shutdown"));
    }
    STARTS.readLock().lock(); // a shutdown in the middle of it waits, and then unmounts
    try {
      UnionMount mount =
          new UnionMount(fs, Transports.mount(fs, at, transport), at.path(), temporary);
      LIVE.add(mount);
      mount.reaper.setDaemon(true);
      mount.reaper.start();
      return mount;
    } finally {
      STARTS.readLock().unlock();
    }
  }

  private static void closeAll() {
    STARTS.writeLock().lock(); // and never let go: nothing is mounted any more
    for (UnionMount mount : LIVE) {
      try {
        mount.close();
      } catch (IOException e) {
        log.error("{}: cannot be unmounted: {}", Name.of(mount.mountPoint), e.getMessage());
      }
    }
  }

  /* However the mount ends, the layers are given up at once. */
  private void reap() {
    try {
      session.awaitEnd();
    } catch (InterruptedException e) {
      log.warn("{}: the wait for its end was interrupted", Name.of(mountPoint));
      return;
    }
    if (control != null) {
      control.close(); // before: it tells of descriptors
    }
    fs.close();
    LIVE.remove(this);
    if (temporary) {
      removeMountPoint();
    }
  }

  private void removeMountPoint() {
    int errno = Sys.linux().tryUnlinkat(Linux.AT_FDCWD, Name.of(mountPoint), Linux.AT_REMOVEDIR);
    if (errno != 0 && errno != Errno.ENOENT) {
      log.warn("{}: {}", Name.of(mountPoint), Errno.message(errno));
    }
  }

  /** Where the union is mounted; not exact if the path is not valid in the platform's encoding. */
  public Path mountPoint() {
    return Path.of(new String(mountPoint, StandardCharsets.UTF_8));
  }

  /** The name of the transport that serves the mount, for example {@code jnr-fuse}. */
  public String transport() {
    return session.transport();
  }

  private ControlledMount controlled() {
    return new ControlledMount() {
      @Override
      public MountStatus status() {
        return UnionMount.this.status();
      }

      @Override
      public MountStatistics statistics() {
        return UnionMount.this.statistics();
      }

      @Override
      public boolean tryHold(int millis) {
        return fs.tryHoldChanges(millis);
      }

      @Override
      public void release() {
        fs.releaseChanges();
      }

      @Override
      public void discard(List<Name> paths, int millis) throws IOException {
        new LiveDiscard(fs, session).run(paths, millis);
      }
    };
  }

  private MountStatus status() {
    MountOptions options = fs.options();
    byte[] upper = options.upper();
    byte[] work = options.work();
    return new MountStatus(
        Name.of(mountPoint),
        Name.of(options.fsname()),
        options.lowers().stream().map(Name::of).toList(),
        upper == null ? null : Name.of(upper),
        work == null ? null : Name.of(work),
        new MountedLayers(
            fs.lowerPlaces(),
            fs.upperPlace(),
            fs.workPlace(),
            fs.dotNames(),
            options.redirectDir(),
            options.xattrPermissions()),
        fs.readOnly(),
        transport(),
        reason,
        ioProfile(),
        features(),
        OwnProcess.getpid(),
        since,
        fs.statistics());
  }

  private MountStatistics statistics() {
    session.requests().watch();
    Runtime java = Runtime.getRuntime();
    Proc proc = fs.proc();
    return new MountStatistics(
        Name.of(mountPoint),
        transport(),
        OwnProcess.getpid(),
        System.nanoTime() - sinceNanos,
        session.requests().figures(),
        fs.copyUpFigures(),
        fs.cacheFigures(),
        fs.nodeCount(),
        session.knownNodes(),
        new MountStatistics.Resources(
            proc.openDescriptors(),
            proc.mostDescriptors(),
            java.totalMemory() - java.freeMemory(),
            java.maxMemory(),
            proc.residentBytes()));
  }

  /** Why this transport serves the mount. */
  public String reason() {
    return reason;
  }

  /** How file data gets to the layers, with the reason where that is not as asked for. */
  public String ioProfile() {
    return session.ioProfile();
  }

  /** What was agreed on with the kernel, by the kernel's names. */
  public List<String> features() {
    return session.features();
  }

  /** Whether the mount is still served. */
  public boolean isMounted() {
    return !session.ended();
  }

  /** Waits until the mount is gone and its layers are given up, whoever unmounts it. */
  public void awaitUnmounted() throws InterruptedException {
    reaper.join();
  }

  /**
   * Unmounts.
   *
   * @param lazy whether to detach a mount that is in use, which is then served until its last user
   *     is gone
   * @throws IOException if the mount is in use and {@code lazy} is false ({@code EBUSY}), or the
   *     kernel refuses; the mount then stays
   */
  public void unmount(boolean lazy) throws IOException {
    endHold();
    session.unmount(lazy);
  }

  /* Whoever waits for it uses the mount. */
  private void endHold() {
    if (control != null) {
      control.endHold();
    }
  }

  /**
   * Unmounts, detaching the mount if it is in use, waits until the layers are given up, and removes
   * a temporary mount point; idempotent.
   *
   * @throws IOException if the kernel refuses
   */
  @Override
  public void close() throws IOException {
    endHold();
    session.close();
    boolean interrupted = false;
    while (true) {
      try {
        reaper.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the layers must be given up all the same
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A maker of mounts; not for use by several threads. */
  public static final class Builder {
    private static final double NO_CACHING = 0;

    private final MountOptions.Builder options = MountOptions.builder();
    private Transport transport = Transport.AUTO;
    private IoProfile io = IoProfile.CACHED;
    private boolean writeback = true;
    private @Nullable Boolean allowOther;
    private boolean hasLower;

    private Builder() {}

    /** Adds lower directories below those given before, topmost first. */
    public Builder lower(Path... directories) {
      for (Path directory : directories) {
        lower(bytes(directory));
      }
      return this;
    }

    /** Adds a lower directory, its path in bytes, which need not be UTF-8. */
    public Builder lower(byte[] directory) {
      hasLower = true;
      options.lower(directory);
      return this;
    }

    /** The writable directory; without one the union is read-only. */
    public Builder upper(Path directory) {
      return upper(bytes(directory));
    }

    public Builder upper(byte[] directory) {
      options.upper(directory);
      return this;
    }

    /** The work directory, on the upper's mount; without one it is made beside the upper. */
    public Builder work(Path directory) {
      return work(bytes(directory));
    }

    public Builder work(byte[] directory) {
      options.work(directory);
      return this;
    }

    /** Makes the union read-only although it has an upper. */
    public Builder readOnly(boolean value) {
      options.readOnly(value);
      return this;
    }

    /** Lets other users in; root's mounts do by default, others need {@code user_allow_other}. */
    public Builder allowOther(boolean value) {
      allowOther = value;
      return this;
    }

    /** What mount tables show as the source. */
    public Builder fsname(byte[] name) {
      options.fsname(name);
      return this;
    }

    /** Adds a mount flag of the kernel, such as {@code nosuid}. */
    public Builder kernelFlag(String flag) {
      options.kernelFlag(flag);
      return this;
    }

    /** The format of new whiteouts; null, as at first, for the first that the upper can hold. */
    public Builder whiteouts(@Nullable WhiteoutFormat format) {
      options.whiteouts(format);
      return this;
    }

    /**
     * Whether {@code .wh.} names are marks in every layer, as in unpacked OCI images: not shown,
     * and {@code EPERM} to make one. Always so with {@link WhiteoutFormat#AUFS}.
     */
    public Builder dotNames(boolean value) {
      options.dotNames(value);
      return this;
    }

    /**
     * What becomes of a renamed directory that has lower content; {@link RedirectDir#OFF} at first.
     */
    public Builder redirectDir(RedirectDir value) {
      options.redirectDir(value);
      return this;
    }

    /**
     * Turns syncing off until the union is closed: faster, and lost if the machine fails. After a
     * crash the work directory is marked, and mounting it again is refused.
     */
    public Builder isVolatile(boolean value) {
      options.isVolatile(value);
      return this;
    }

    /** Whether extended attributes are supported. */
    public Builder xattrs(boolean value) {
      options.xattrs(value);
      return this;
    }

    /**
     * Makes the upper keep owners and modes in xattrs: 1 in {@code security.*}, 2 in {@code
     * user.*}; 0, as at first, if its root says so.
     *
     * @throws IllegalArgumentException if it is another number
     */
    public Builder xattrPermissions(int number) {
      options.xattrPermissions(number);
      return this;
    }

    /** How owners are shown; {@link ShownOwners#AS_STORED} at first. */
    public Builder owners(ShownOwners value) {
      options.owners(value);
      return this;
    }

    /** Whether every directory shows a link count of 1, which need not be counted. */
    public Builder staticNlink(boolean value) {
      options.staticNlink(value);
      return this;
    }

    /** Whether POSIX ACLs are supported. */
    public Builder acl(boolean value) {
      options.acl(value);
      return this;
    }

    /**
     * How much memory the lookup caches may take, in bytes.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder cacheBytes(long bytes) {
      options.cacheBytes(bytes);
      return this;
    }

    /**
     * How long the kernel may keep names and attributes, in seconds; 0 for layers that others
     * change.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder timeoutSeconds(double seconds) {
      if (!(seconds >= NO_CACHING)) {
        throw new IllegalArgumentException("timeout must not be negative: " + seconds);
      }
      options.timeoutSeconds(seconds);
      return this;
    }

    /** The most requests that are served at one time. */
    public Builder threads(int number) {
      if (number < 1) {
        throw new IllegalArgumentException("threads must be at least 1: " + number);
      }
      options.threads(number);
      return this;
    }

    public Builder transport(Transport choice) {
      transport = choice;
      return this;
    }

    /** How file data gets to the layers; {@code PASSTHROUGH} needs root and Linux 6.9. */
    public Builder io(IoProfile profile) {
      io = profile;
      return this;
    }

    /** Whether the kernel may keep written data for a while, and report errors when it syncs. */
    public Builder writeback(boolean value) {
      writeback = value;
      return this;
    }

    /**
     * Mounts on a directory, and returns when the mount answers.
     *
     * @throws IOException with a message for the user if a directory cannot be used or the mount is
     *     refused; nothing is left behind
     * @throws IllegalArgumentException if no lower directory was given
     */
    public UnionMount mount(Path mountPoint) throws IOException {
      return mount(bytes(mountPoint));
    }

    public UnionMount mount(byte[] mountPoint) throws IOException {
      return mount(MountPoints.check(Sys.linux(), mountPoint), false);
    }

    /** Mounts on a fresh temporary directory, which {@link UnionMount#close} removes. */
    public UnionMount mount() throws IOException {
      Path directory = Files.createTempDirectory("unionfs-");
      boolean mounted = false;
      try {
        UnionMount mount = mount(bytes(directory), true);
        mounted = true;
        return mount;
      } finally {
        if (!mounted) {
          Files.deleteIfExists(directory);
        }
      }
    }

    private UnionMount mount(byte[] mountPoint, boolean temporary) throws IOException {
      if (!hasLower) {
        throw new IllegalArgumentException("no lower directory given");
      }
      Sys sys = Sys.linux();
      options.allowOther(allowOther == null ? OwnProcess.geteuid() == 0 : allowOther);
      MountOptions built = options.build();
      UnionFileSystem fs = UnionFileSystem.open(sys, built);
      boolean mounted = false;
      try {
        MountPoint at =
            new MountPoint(
                mountPoint,
                built.fsname(),
                built.allowOther(),
                kernelFlags(built, fs.readOnly()),
                built.timeoutSeconds(),
                io,
                writeback,
                built.threads());
        UnionMount mount = start(fs, at, transport, temporary);
        mounted = true;
        return mount;
      } finally {
        if (!mounted) {
          fs.close();
        }
      }
    }

    /* So that mount tables say it, and the kernel refuses changes itself. */
    private static List<String> kernelFlags(MountOptions options, boolean readOnly) {
      List<String> flags = new ArrayList<>(options.kernelFlags());
      if (readOnly) {
        flags.add("ro");
      }
      return flags;
    }

    private static byte[] bytes(Path path) {
      return path.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
    }
  }
}
