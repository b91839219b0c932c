package io.unionfs.cli;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import jdk.test.whitebox.WhiteBox;

/*
 * While the command line is read, most of the time by the interpreter, another processor is idle. There the
 * classes of a server are initialized, and then its hot methods compiled, so that the first requests do not find
 * interpreted code. Whoever starts to mount waits for the classes: two threads that initialize classes which
 * need each other could otherwise wait for each other for ever. Compiling, which is as much again as a start, is
 * left to whoever calls the methods where all processors have something to do: of a hundred mounts that start
 * together most will do nothing for a while.
 */
/** What a server needs a moment later, done meanwhile by a thread of its own. */
final class HeadStart {
  private static final String LIST = "unionfs.hotMethods";
  private static final CountDownLatch INITIALIZED = new CountDownLatch(1);
  private static final long SOME_WEIGHT = 1024;
  private static final long FIRST_PAUSE_NANOS = 10_000_000;
  private static final long LAST_PAUSE_NANOS = 5_000_000_000L;

  private HeadStart() {}

  /** Begins, where the launcher has a list of methods; else there is nothing to wait for. */
  static void begin() {
    String list = System.getProperty(LIST);
    if (list == null) {
      INITIALIZED.countDown();
      return;
    }
    Thread thread = new Start(list);
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits until the classes are there. */
  static void awaitClasses() throws InterruptedException {
    INITIALIZED.await();
  }

  /* A class, because the first lambda of a process costs more than the rest of this. */
  private static final class Start extends Thread {
    private final String list;

    Start(String list) {
      super("head-start");
      this.list = list;
    }

    @Override
    public void run() {
      prepare(list);
    }
  }

  private static void prepare(String list) {
    try {
      HotMethods methods;
      IdleProcessor idle;
      WhiteBox compiler;
      try {
        methods = HotMethods.read(list);
        methods.initialize();
        buildCache();
        openJars();
        idle = IdleProcessor.open();
        compiler = new WhiteBox();
      } finally {
        INITIALIZED.countDown(); // from here on nothing is opened by path, nor a class loaded
      }
      try (idle) {
        Patience patience = new Patience(idle);
        methods.compile(compiler, patience::isRewarded);
      }
    } catch (IOException | LinkageError e) {
      // Nothing depends on it: there is no list in a build without a training run, and no compiler
      // to ask in another Java. Then code is compiled when it has been called often enough.
      return;
    }
  }

  /** Waits for an idle processor, and looks for it less and less often. */
  private static final class Patience {
    private final IdleProcessor idle;
    private long pause = FIRST_PAUSE_NANOS;

    Patience(IdleProcessor idle) {
      this.idle = idle;
    }

    /** Whether there was one before all patience was used up. */
    boolean isRewarded() throws IOException {
      while (!idle.isThere()) {
        if (pause > LAST_PAUSE_NANOS) {
          return false;
        }
        LockSupport.parkNanos(pause);
        pause *= 2;
      }
      return true;
    }
  }

  /* Whoever asks for a class or a file that is in none of them has them all opened, and somebody does. */
  private static void openJars() {
    if (ClassLoader.getSystemResource("META-INF/absent") != null) {
      throw new IllegalStateException("found what is nowhere");
    }
  }

  /* The first one takes the library far longer than the next. */
  private static void buildCache() {
    Cache<String, String> first =
        Caffeine.newBuilder()
            .maximumWeight(SOME_WEIGHT)
            .weigher((String key, String value) -> 1)
            .executor(Runnable::run)
            .build();
    first.put("name", "node");
    first.cleanUp();
  }
}
