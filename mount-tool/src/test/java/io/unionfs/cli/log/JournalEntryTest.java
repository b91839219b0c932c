package io.unionfs.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JournalEntryTest {
  private static String text(JournalEntry entry) {
    return new String(entry.toBytes(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void fieldsAreLines() {
    assertThat(text(new JournalEntry().add("MESSAGE", "a=b", 10).add("PRIORITY", "3", 10)))
        .isEqualTo("MESSAGE=a=b\nPRIORITY=3\n");
  }

  @Test
  void valueWithALineFeedHasItsLength() {
    assertThat(text(new JournalEntry().add("MESSAGE", "a\nPRIORITY=0\n", 100)))
        .isEqualTo("MESSAGE\n\15\0\0\0\0\0\0\0a\nPRIORITY=0\n\n");
  }

  @Test
  void bytesAreTakenAsTheyAre() {
    assertThat(text(new JournalEntry().add("UNIONFS_MOUNT", new byte[] {'/', (byte) 0xff})))
        .isEqualTo("UNIONFS_MOUNT=/\377\n");
  }

  @Test
  void whatIsTooLongIsCutBetweenCharacters() {
    assertThat(text(new JournalEntry().add("MESSAGE", "abcdef", 5)))
        .isEqualTo("MESSAGE=abcde [1 bytes more]\n");
    assertThat(text(new JournalEntry().add("MESSAGE", "abc\u20ac", 5)))
        .isEqualTo("MESSAGE=abc [3 bytes more]\n");
    assertThat(text(new JournalEntry().add("MESSAGE", "ab\u20ac", 5)))
        .isEqualTo("MESSAGE=ab\342\202\254\n");
  }
}
