package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.cli.OptionWords.Word;
import org.junit.jupiter.api.Test;

class OptionWordsTest {
  @Test
  void directoriesAreSeparatedByColons() {
    assertThat(OptionWords.directories("a:b/c:/d")).containsExactly("a", "b/c", "/d");
  }

  @Test
  void backslashKeepsColonAndBackslash() {
    assertThat(OptionWords.directories("a\\:b:c\\\\:d\\e")).containsExactly("a:b", "c\\", "d\\e");
  }

  @Test
  void emptyWordsAreSkipped() {
    assertThat(OptionWords.words("ro,,fsname=x,"))
        .containsExactly(new Word("ro", null), new Word("fsname", "x"));
  }

  @Test
  void quotesAndBackslashKeepCommas() {
    assertThat(OptionWords.words("context=\"a:b,c\",fsname=x\\,y"))
        .containsExactly(new Word("context", "a:b,c"), new Word("fsname", "x,y"));
  }

  @Test
  void escapedColonsOfDirectoriesSurviveTheOptionString() {
    Word word = OptionWords.words("lowerdir=/a\\:b:/c").get(0);

    assertThat(OptionWords.directories(String.valueOf(word.value()))).containsExactly("/a:b", "/c");
  }
}
