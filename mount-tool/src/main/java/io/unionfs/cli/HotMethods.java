package io.unionfs.cli;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import jdk.test.whitebox.WhiteBox;
import org.jspecify.annotations.Nullable;

/*
 * The build's training run writes the list: a line for each class, its name, and those of the methods that were
 * called often. Methods that share a name are compiled together.
 */
/** The methods that every mount calls often, to be compiled before it does. */
final class HotMethods {
  private static final int QUICK_COMPILER = 1;
  private static final int WHOLE_METHOD = -1;
  private static final String CONSTRUCTOR = "<init>";

  private record Hot(Class<?> type, Set<String> names) {}

  private final List<String> lines;
  private final List<Hot> classes = new ArrayList<>();

  private HotMethods(List<String> lines) {
    this.lines = lines;
  }

  /** Reads the list. */
  static HotMethods read(String file) throws IOException {
    try (InputStream in = new FileInputStream(file)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new HotMethods(text.lines().toList());
    }
  }

  /** Loads and initializes their classes. What this Java does not have is left out. */
  void initialize() {
    for (String line : lines) {
      List<String> words = Arrays.asList(line.split(" "));
      Class<?> type = find(words.get(0));
      if (type != null) {
        classes.add(new Hot(type, Set.copyOf(words.subList(1, words.size()))));
      }
    }
  }

  /* Null where this Java is another version: the interpreter does without. */
  private static @Nullable Class<?> find(String name) {
    try {
      return Class.forName(name, true, HotMethods.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return null;
    }
  }

  /**
   * Puts them into the compiler's queue, in the order of the list, as long as somebody says so:
   * asked before each class.
   *
   * @throws LinkageError if this Java cannot
   * @throws IOException as the one who is asked
   */
  void compile(Going going) throws IOException {
    WhiteBox compiler = new WhiteBox();
    for (Hot hot : classes) {
      if (!going.on()) {
        return;
      }
      for (Method method : hot.type.getDeclaredMethods()) {
        if (hot.names.contains(method.getName()) && !Modifier.isAbstract(method.getModifiers())) {
          compiler.enqueueMethodForCompilation0(method, QUICK_COMPILER, WHOLE_METHOD);
        }
      }
      if (hot.names.contains(CONSTRUCTOR)) {
        for (Constructor<?> constructor : hot.type.getDeclaredConstructors()) {
          compiler.enqueueMethodForCompilation0(constructor, QUICK_COMPILER, WHOLE_METHOD);
        }
      }
    }
  }

  /** Says whether to go on. */
  interface Going {
    boolean on() throws IOException;
  }
}
