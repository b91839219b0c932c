package io.unionfs.core;

import io.unionfs.sys.Name;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * What somebody who remembers names and attributes must forget, because they changed without his
 * asking. For one thread.
 */
public final class Outdated {
  /** A name that leads elsewhere than before, or nowhere. */
  public record ChangedName(DirNode parent, Name name) {}

  private final List<ChangedName> names = new ArrayList<>();
  private final Set<DirNode> directories = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<FileNode> files = Collections.newSetFromMap(new IdentityHashMap<>());

  void name(DirNode parent, Name name) {
    names.add(new ChangedName(parent, name));
  }

  void directory(DirNode dir) {
    directories.add(dir);
  }

  void file(FileNode file) {
    files.add(file);
  }

  public List<ChangedName> names() {
    return Collections.unmodifiableList(names);
  }

  /** Directories with other entries or attributes, and those that were removed. */
  public Set<DirNode> directories() {
    return Collections.unmodifiableSet(directories);
  }

  /** Files with other attributes, if only the link count. */
  public Set<FileNode> files() {
    return Collections.unmodifiableSet(files);
  }

  /** The same files, and nothing else. */
  public Outdated onlyFiles() {
    Outdated only = new Outdated();
    only.files.addAll(files);
    return only;
  }
}
