package io.unionfs.control;

import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.OperationFigures;
import io.unionfs.sys.Name;
import java.util.List;

/**
 * What a mount counted since it is there.
 *
 * @param mountPoint where it is mounted
 * @param transport which front-end serves it
 * @param pid the serving process
 * @param upNanos how long it has been mounted
 * @param operations the requests by kind
 * @param copyUps what was copied up
 * @param caches how well the caches do
 * @param nodes how many files and directories the server holds
 * @param knownNodes how many of them the kernel knows, or -1 where that is not known
 * @param resources what the process takes
 */
public record MountStatistics(
    Name mountPoint,
    String transport,
    int pid,
    long upNanos,
    List<OperationFigures> operations,
    CopyUpFigures copyUps,
    List<CacheFigures> caches,
    long nodes,
    long knownNodes,
    Resources resources) {
  /**
   * What a process takes; sizes in bytes.
   *
   * @param descriptors how many it has open, or -1 where that is not known
   * @param mostDescriptors how many it may have open
   * @param heapBytes what its objects take, with those that nobody refers to any more
   * @param mostHeapBytes what they may take
   * @param residentBytes what it has in memory of everything, or -1 where that is not known
   */
  public record Resources(
      long descriptors,
      long mostDescriptors,
      long heapBytes,
      long mostHeapBytes,
      long residentBytes) {}
}
