package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineDiffTest {
  private static final long SEED = 7;

  private static List<Integer> random(Random random, int most, int kinds) {
    List<Integer> lines = new ArrayList<>();
    for (int i = random.nextInt(most); i > 0; i--) {
      lines.add(random.nextInt(kinds));
    }
    return lines;
  }

  /* How many lines differ; what is the same must be, and all lines must be there in order. */
  private static int edits(List<Integer> left, List<Integer> right) {
    int i = 0;
    int j = 0;
    int edits = 0;
    for (LineDiff.Run run : LineDiff.runs(left, right)) {
      assertThat(run.leftStart()).isEqualTo(i);
      assertThat(run.rightStart()).isEqualTo(j);
      i = run.leftEnd();
      j = run.rightEnd();
      List<Integer> mine = left.subList(run.leftStart(), i);
      List<Integer> others = right.subList(run.rightStart(), j);
      if (run.same()) {
        assertThat(mine).isEqualTo(others).isNotEmpty();
      } else {
        edits += mine.size() + others.size();
      }
    }
    assertThat(i).isEqualTo(left.size());
    assertThat(j).isEqualTo(right.size());
    return edits;
  }

  /* By the textbook's table. */
  private static int fewest(List<Integer> left, List<Integer> right) {
    int[][] common = new int[left.size() + 1][right.size() + 1];
    for (int i = 1; i <= left.size(); i++) {
      for (int j = 1; j <= right.size(); j++) {
        common[i][j] =
            left.get(i - 1).equals(right.get(j - 1))
                ? common[i - 1][j - 1] + 1
                : Math.max(common[i - 1][j], common[i][j - 1]);
      }
    }
    return left.size() + right.size() - 2 * common[left.size()][right.size()];
  }

  @Test
  void findsTheFewestEdits() {
    Random random = new Random(SEED);
    for (int round = 0; round < 2000; round++) {
      List<Integer> left = random(random, 14, 4);
      List<Integer> right = random(random, 14, 4);

      assertThat(edits(left, right)).as("%s %s", left, right).isEqualTo(fewest(left, right));
    }
  }

  @Test
  void textsThatDifferTooMuchAreReplacedBetweenWhatTheyShare() {
    List<Integer> left = new ArrayList<>(Collections.nCopies(LineDiff.MOST_EDITS, 1));
    List<Integer> right = new ArrayList<>(Collections.nCopies(LineDiff.MOST_EDITS, 2));
    left.add(0, 0);
    right.add(0, 0);

    assertThat(edits(left, right)).isEqualTo(2 * LineDiff.MOST_EDITS);
    assertThat(LineDiff.runs(left, right)).hasSize(2);
  }
}
