package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.cli.OptionWords.Word;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        // what nobody escaped
        "upperdir=/a\"b/c                  | upperdir=/a\"b/c",
        "upperdir=/a\\b\\\\c               | upperdir=/a\\b\\\\c",
        "upperdir=/x,y/c,workdir=/x,y/w    | upperdir=/x,y/c+workdir=/x,y/w",
        "lowerdir=/x,y/a:/x,y/b,ro         | lowerdir=/x,y/a:/x,y/b+ro",
        "upperdir=/a,timeout=5,x-y=/b,c/d  | upperdir=/a+timeout=5+x-y=/b+c/d",
        "upperdir=\"/a                     | upperdir=\"/a",
        "upperdir=/a\",ro                  | upperdir=/a\"+ro",
        // what somebody did
        "upperdir=/a\\\"b                  | upperdir=/a\"b",
        "upperdir=\"/a,ro\"                | upperdir=/a,ro",
        "upperdir=\"/a\\\"b,ro\",ro        | upperdir=/a\"b,ro+ro",
        "lowerdir=\"/a,b\":/c:\"/d,e\",ro  | lowerdir=/a,b:/c:/d,e+ro",
        "upperdir=/a\\\\,ro                | upperdir=/a\\+ro",
        "upperdir=/a\\\\\\,ro              | upperdir=/a\\,ro",
        "upperdir=\"/a\\\\\",ro            | upperdir=/a\\+ro",
      })
  void nameIsTakenAsItCannotButBeMeant(String options, String words) {
    assertThat(OptionWords.words(options).stream().map(Word::toString))
        .containsExactly(words.split("\\+"));
  }

  @Test
  void anyNameCanBeWritten() {
    Random random = new Random(1);
    String alphabet = "a\\\\\\,,\"\":= /\u00ff";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder name = new StringBuilder("/");
      for (int i = random.nextInt(8); i >= 0; i--) {
        name.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String directory = name.toString();
      String escaped = directory.replaceAll("[\\\\:]", "\\\\$0");
      String options =
          "lowerdir=" + kept(escaped + ":" + escaped) + ",upperdir=" + kept(directory) + ",ro";

      List<Word> words = OptionWords.words(options);

      assertThat(words).as(options).hasSize(3).endsWith(new Word("ro", null));
      assertThat(words.get(1)).as(options).isEqualTo(new Word("upperdir", directory));
      assertThat(OptionWords.directories(String.valueOf(words.get(0).value())))
          .as(options)
          .containsExactly(directory, directory);
    }
  }

  /* As docs/OPTIONS.md says to write it: what stands before a comma, a quote or the end counts double. */
  private static String kept(String value) {
    return value.replaceAll("(\\\\*)([,\"])", "$1$1\\\\$2").replaceAll("\\\\+$", "$0$0");
  }
}
