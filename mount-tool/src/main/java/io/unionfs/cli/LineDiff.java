package io.unionfs.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/*
 * The greedy algorithm of E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), between the
 * first and the last line that differ. Its bounds: no more than MOST_EDITS lines that are removed or added,
 * which take MOST_EDITS squared numbers of memory (4 MiB) and that many steps beside the comparisons. Texts
 * that differ in more are taken as replaced between those two lines, which is right, if longer than needed.
 */
/** Which lines two texts have in common. */
final class LineDiff {
  static final int MOST_EDITS = 1000;

  private final List<?> left;
  private final List<?> right;
  private final boolean[] removed;
  private final boolean[] added;

  private LineDiff(List<?> left, List<?> right) {
    this.left = left;
    this.right = right;
    this.removed = new boolean[left.size()];
    this.added = new boolean[right.size()];
  }

  /**
   * A piece of both texts, of lines that are the same in both, or of those that are only in one.
   *
   * @param same whether the lines are the same
   */
  record Run(boolean same, int leftStart, int leftEnd, int rightStart, int rightEnd) {}

  /** The texts as alternating pieces, in order. */
  static List<Run> runs(List<?> left, List<?> right) {
    LineDiff diff = new LineDiff(left, right);
    diff.compare();
    return diff.collect();
  }

  private List<Run> collect() {
    List<Run> runs = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < removed.length || j < added.length) {
      int fromLeft = i;
      int fromRight = j;
      while (i < removed.length && j < added.length && !removed[i] && !added[j]) {
        i++;
        j++;
      }
      boolean same = i > fromLeft;
      while (!same && i < removed.length && removed[i]) {
        i++;
      }
      while (!same && j < added.length && added[j]) {
        j++;
      }
      runs.add(new Run(same, fromLeft, i, fromRight, j));
    }
    return runs;
  }

  private void compare() {
    int start = 0;
    int leftEnd = left.size();
    int rightEnd = right.size();
    while (start < leftEnd && start < rightEnd && left.get(start).equals(right.get(start))) {
      start++;
    }
    while (leftEnd > start
        && rightEnd > start
        && left.get(leftEnd - 1).equals(right.get(rightEnd - 1))) {
      leftEnd--;
      rightEnd--;
    }
    if (!findWay(start, leftEnd, rightEnd)) {
      Arrays.fill(removed, start, leftEnd, true);
      Arrays.fill(added, start, rightEnd, true);
    }
  }

  /* reached[edits][k + edits]: how far the texts go on diagonal k with that many edits. */
  private boolean findWay(int start, int leftEnd, int rightEnd) {
    int n = leftEnd - start;
    int m = rightEnd - start;
    int most = Math.min(n + m, MOST_EDITS);
    int[][] reached = new int[most + 1][];
    for (int edits = 0; edits <= most; edits++) {
      int[] row = new int[2 * edits + 1];
      reached[edits] = row;
      for (int k = -edits; k <= edits; k += 2) {
        int x = edits == 0 ? 0 : step(reached[edits - 1], k, edits);
        while (x < n && x - k < m && left.get(start + x).equals(right.get(start + x - k))) {
          x++;
        }
        row[k + edits] = x;
        if (x >= n && x - k >= m) {
          markWay(reached, edits, start, n, m);
          return true;
        }
      }
    }
    return false;
  }

  /* Where diagonal k begins, one edit after what was reached before. */
  private static int step(int[] before, int k, int edits) {
    return isAddition(before, k, edits) ? at(before, k + 1, edits) : at(before, k - 1, edits) + 1;
  }

  private static boolean isAddition(int[] before, int k, int edits) {
    return k == -edits || (k != edits && at(before, k - 1, edits) < at(before, k + 1, edits));
  }

  private static int at(int[] before, int k, int edits) {
    return before[k + edits - 1];
  }

  private void markWay(int[][] reached, int edits, int start, int n, int m) {
    int k = n - m;
    for (int left = edits; left > 0; left--) {
      int[] before = reached[left - 1];
      if (isAddition(before, k, left)) {
        int x = at(before, k + 1, left);
        added[start + x - (k + 1)] = true;
        k++;
      } else {
        removed[start + at(before, k - 1, left)] = true;
        k--;
      }
    }
  }
}
