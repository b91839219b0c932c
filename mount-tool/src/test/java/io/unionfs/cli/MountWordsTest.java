package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.UnionMount;
import io.unionfs.transport.Transport;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.OptionSpec;

class MountWordsTest {
  private final MountWords words = new MountWords();

  private void take(String options) {
    OptionWords.words(options).forEach(words::word);
  }

  @Test
  void wordsOfMountAndOfContainerEnginesAreNeverFatal() {
    take(
        "rw,suid,dev,relatime,nofail,_netdev,uhelper=fuse.unionfs-mount,x-systemd.automount,user_id=0,context=\"a,b\",,");

    assertThat(words.warnings()).isEmpty();
  }

  @Test
  void ofTwoWordsForOneFlagTheLaterCounts() {
    take("noexec,exec,nosuid,suid,sync,async,dev,nodev");

    assertThat(words.kernelFlags()).containsExactly("nodev");
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

  @Test
  void valuesThatTheShellOffersAreTaken() {
    int offered = 0;
    for (OptionSpec option : MountLine.command().getCommandSpec().options()) {
      Iterable<String> values = option.completionCandidates();
      if (values == null || option.longestName().equals("--transport")) {
        continue; // of the latter Transport.parse knows more
      }
      for (String value : values) {
        offered++;
        String word = option.longestName().substring(2).replace('-', '_') + "=" + value;
        assertThatCode(() -> take(word)).as(word).doesNotThrowAnyException();
      }
    }
    assertThat(words.warnings()).isEmpty();
    assertThat(offered).isGreaterThan(10);
    for (Transport transport : Transport.values()) {
      assertThat(
              MountLine.command().getCommandSpec().findOption("--transport").completionCandidates())
          .contains(transport.key());
    }
  }
}
