package io.unionfs.cli;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Executable;
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

  private final String text;
  private final List<List<Executable>> classes = new ArrayList<>();

  private HotMethods(String text) {
    this.text = text;
  }

  /** Reads the list. */
  static HotMethods read(String file) throws IOException {
    try (InputStream in = new FileInputStream(file)) {
      return new HotMethods(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /**
   * Loads and initializes their classes, and those of the parameters and results. What this Java
   * does not have is left out.
   */
  void initialize() {
    for (String line : parts(text, '\n')) {
      List<String> words = parts(line, ' ');
      Class<?> type = find(words.get(0));
      if (type != null) {
        classes.add(methods(type, Set.copyOf(words.subList(1, words.size()))));
      }
    }
  }

  /* Without streams and patterns, whose own start takes longer than all the rest. */
  private static List<String> parts(String whole, char separator) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    while (start < whole.length()) {
      int end = whole.indexOf(separator, start);
      if (end < 0) {
        end = whole.length();
      }
      if (end > start) {
        parts.add(whole.substring(start, end));
      }
      start = end + 1;
    }
    return parts;
  }

  private static List<Executable> methods(Class<?> type, Set<String> names) {
    List<Executable> found = new ArrayList<>();
    for (Method method : type.getDeclaredMethods()) {
      if (names.contains(method.getName()) && !Modifier.isAbstract(method.getModifiers())) {
        found.add(method);
      }
    }
    if (names.contains(CONSTRUCTOR)) {
      found.addAll(Arrays.asList(type.getDeclaredConstructors()));
    }
    return found;
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
   * asked before those of each class. No class is loaded for it.
   *
   * @throws IOException as the one who is asked
   */
  void compile(WhiteBox compiler, Going going) throws IOException {
    for (List<Executable> methods : classes) {
      if (!going.on()) {
        return;
      }
      for (Executable method : methods) {
        compiler.enqueueMethodForCompilation0(method, QUICK_COMPILER, WHOLE_METHOD);
      }
    }
  }

  /** Says whether to go on. */
  interface Going {
    boolean on() throws IOException;
  }
}
