package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.UnionMount;
import org.junit.jupiter.api.Test;

class MountWordsTest {
  private final MountWords words = new MountWords();

  private void take(String options) {
    OptionWords.words(options).forEach(words::word);
  }

  @Test
  void wordsOfMountAndOfContainerEnginesAreNeverFatal() {
    take("rw,suid,dev,relatime,nofail,_netdev,x-systemd.automount,user_id=0,context=\"a,b\",,");

    assertThat(words.warnings()).isEmpty();
  }

  @Test
  void unknownWordsAreWarnedOf() {
    take("lowerdir=/a,frobnicate=3");

    assertThat(words.warnings()).containsExactly("unknown option frobnicate is ignored");
  }

  @Test
  void optionsOfLaterVersionsAreWarnedOf() {
    take("metacopy=on");

    assertThat(words.warnings()).containsExactly("option metacopy has no effect in this version");
  }

  @Test
  void twoUppersAreRefused() {
    words.upper("/a");

    assertThatThrownBy(() -> take("upperdir=/b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("two upper directories given: /a and /b");
  }

  @Test
  void workWithoutUpperIsRefused() {
    take("lowerdir=/a,workdir=/w");

    assertThatThrownBy(() -> words.applyTo(UnionMount.builder()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs an upper directory");
  }

  @Test
  void missingLowerIsRefused() {
    assertThatThrownBy(() -> words.applyTo(UnionMount.builder()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--lower");
  }

  @Test
  void emptyLowerNameIsRefused() {
    assertThatThrownBy(() -> words.lowers("/a::/b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("empty directory name");
  }

  @Test
  void numbersAreChecked() {
    assertThatThrownBy(() -> take("timeout=soon"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout=soon");
    assertThatThrownBy(() -> take("timeout=-1")).isInstanceOf(IllegalArgumentException.class);
  }
}
