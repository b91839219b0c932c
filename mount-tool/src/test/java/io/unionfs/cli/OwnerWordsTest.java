package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.unionfs.core.ShownOwners;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnerWordsTest {
  private static ShownOwners owners(String options) {
    OwnerWords words = new OwnerWords();
    OptionWords.words(options).forEach(word -> assertThat(words.take(word)).isTrue());
    return words.owners();
  }

  @Test
  void withoutWordsOwnersAreShownAsStored() {
    assertThat(owners("")).isEqualTo(ShownOwners.AS_STORED);
    assertThat(new OwnerWords().take(new OptionWords.Word("timeout", "3"))).isFalse();
  }

  @Test
  void wordsOfContainerEnginesAreTaken() {
    ShownOwners squashed = owners("squash_to_uid=1000,squash_to_gid=4294967294");
    assertThat(squashed.user()).isEqualTo(1000);
    assertThat(squashed.group()).isEqualTo(-2);
    assertThat(owners("squash_to_root,squash_to_uid=0").group()).isZero();
    ShownOwners mapped = owners("uidmapping=:0:100000:65536,gidmapping=:0:100000:65536,");
    assertThat(mapped.users()).isNotNull();
    assertThat(mapped.groups()).isNotNull();
    assertThat(owners("uidmapping=0:1:2,uidmapping=0:1:2").users()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "squash_to_uid              | needs a value",
        "squash_to_uid=-1           | must be a number from 0",
        "squash_to_gid=x            | must be a number from 0",
        "squash_to_gid=4294967295   | must be a number from 0",
        "uidmapping=0:1             | uidmapping 0:1: must be",
        "uidmapping=0:a:1           | field 2",
        "uidmapping=0:1:2,uidmapping=3:4:5        | several ranges go into one",
        "squash_to_root,squash_to_gid=5           | squash_to_root and squash_to_gid contradict",
        "squash_to_uid=5,uidmapping=0:1:2         | squash_to_uid and uidmapping contradict",
        "squash_to_root,gidmapping=0:1:2          | squash_to_root and gidmapping contradict",
      })
  void contradictionsAndNonsenseAreRefused(String options, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> owners(options))
        .withMessageContaining(message);
  }
}
