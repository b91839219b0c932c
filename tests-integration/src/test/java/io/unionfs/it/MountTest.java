package io.unionfs.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test that gets a {@link Union}, and runs for every way to serve it and for root and a user. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(MountTestExtension.class)
@interface MountTest {
  /** For whom it runs. */
  Account[] accounts() default {Account.ROOT, Account.USER};

  /** How it is served. */
  Variant[] variants() default {Variant.KERNEL, Variant.PASSTHROUGH, Variant.JNR_FUSE};
}
