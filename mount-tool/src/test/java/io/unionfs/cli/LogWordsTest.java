package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.cli.log.Level;
import org.junit.jupiter.api.Test;

class LogWordsTest {
  private final LogWords words = new LogWords();

  @Test
  void wordsOfTheLogAreTakenAndOthersNot() {
    assertThat(words.take(new Word("log", "journal"))).isTrue();
    assertThat(words.take(new Word("log_file", "/x"))).isTrue();
    assertThat(words.take(new Word("log_level", "info"))).isTrue();
    assertThat(words.take(new Word("logs", "x"))).isFalse();
  }

  @Test
  void unknownTargetsAndLevelsAreRefused() {
    assertThatThrownBy(() -> words.take(new Word("log", "/var/log/x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "log target \"/var/log/x\" is unknown; there is journal, and log_file=FILE for a file");
    assertThatThrownBy(() -> words.take(new Word("log", null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("option log needs a value");
    assertThatThrownBy(() -> words.take(new Word("log_level", "loud")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"loud\" is unknown");
  }

  @Test
  void journalAndFileTogetherAreRefused() {
    words.take(new Word("log_file", "/x"));
    words.take(new Word("log", "journal"));

    assertThatThrownBy(() -> words.open(Level.WARN, "/mnt"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not to both");
  }
}
