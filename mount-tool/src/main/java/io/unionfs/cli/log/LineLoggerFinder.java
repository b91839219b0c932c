package io.unionfs.cli.log;

/*
 * Without it, what the runtime and the cache library have to say would go to standard error, which a server holds no
 * longer, and the first of them that asks for a logger would have java.util.logging set up, which takes long at a start.
 */
/** What {@code System.getLogger} finds as its backend. */
public final class LineLoggerFinder extends System.LoggerFinder {
  @Override
  public System.Logger getLogger(String name, Module module) {
    return new LineSystemLogger(name);
  }
}
