package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.core.Identities.HostInode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IdentitiesTest {
  /*
   * Directory trees have inode numbers in runs: one after the other, or in groups of a file system's block
   * groups, one for each directory. As many places as files: chains stay short, where chance makes some of six.
   */
  @ParameterizedTest
  @CsvSource({
    "40000, 1, 8192, 1",
    "40000, 2, 8192, 1",
    "25, 1, 8192, 1",
    "25, 1, 21, 1",
    "26, 1, 8192, 3",
    "1000, 64, 1000000, 2",
    "1, 1, 1, 100"
  })
  void inodeNumbersThatComeInRunsAreSpread(int run, int step, int group, int fileSystems) {
    int number = 40_000;
    int bits = 16;
    int[] places = new int[1 << bits];
    for (int i = 0; i < number; i++) {
      int each = i / fileSystems;
      long ino = 1_000_003L + (long) (each / run) * group + (long) (each % run) * step;
      int hash = new HostInode(i % fileSystems, ino).hashCode();
      places[hash >>> (Integer.SIZE - bits)]++;
    }

    int compared = 0;
    for (int place : places) {
      compared += place * (place + 1) / 2;
    }
    assertThat(compared)
        .as("entries that are looked at, each found once")
        .isLessThan(number * 3 / 2);
  }
}
