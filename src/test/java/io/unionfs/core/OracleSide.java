package io.unionfs.core;

import io.unionfs.sys.ErrnoException;
import java.util.List;

/** One of the two trees that must behave alike: paths are relative, of plain names. */
interface OracleSide {
  String create(String path, int mode) throws ErrnoException;

  String mkdir(String path, int mode) throws ErrnoException;

  String symlink(String path, String target) throws ErrnoException;

  String fifo(String path, int mode) throws ErrnoException;

  String link(String path, String newPath) throws ErrnoException;

  String unlink(String path) throws ErrnoException;

  String rmdir(String path) throws ErrnoException;

  String rename(String path, String newPath, int flags) throws ErrnoException;

  String write(String path, long offset, byte[] data) throws ErrnoException;

  String truncate(String path, long size) throws ErrnoException;

  String chmod(String path, int mode) throws ErrnoException;

  String utimens(String path, long seconds, int nanos) throws ErrnoException;

  String setxattr(String path, String name, byte[] value, int flags) throws ErrnoException;

  String removexattr(String path, String name) throws ErrnoException;

  String list(String path) throws ErrnoException;

  /** Everything that must be equal about a file, content among it. */
  String describe(String path) throws ErrnoException;

  /** The names in a directory, sorted. */
  List<String> names(String path) throws ErrnoException;

  boolean isDirectory(String path) throws ErrnoException;
}
