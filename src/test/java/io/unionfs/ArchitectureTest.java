package io.unionfs;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The packages' dependencies, which point one way. */
@AnalyzeClasses(packages = "io.unionfs", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule packagesUseOnlyWhatLiesBelowThem =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("sys")
          .definedBy("io.unionfs.sys..")
          .layer("layer")
          .definedBy("io.unionfs.layer..")
          .layer("stack")
          .definedBy("io.unionfs.stack..")
          .layer("statistics")
          .definedBy("io.unionfs.statistics..")
          .layer("core")
          .definedBy("io.unionfs.core..")
          .layer("transport")
          .definedBy("io.unionfs.transport..")
          .layer("control")
          .definedBy("io.unionfs.control..")
          .layer("offline")
          .definedBy("io.unionfs.offline..")
          .layer("api")
          .definedBy("io.unionfs")
          .whereLayer("sys")
          .mayNotAccessAnyLayer()
          .whereLayer("layer")
          .mayOnlyAccessLayers("sys")
          .whereLayer("stack")
          .mayOnlyAccessLayers("layer", "sys")
          .whereLayer("statistics")
          .mayOnlyAccessLayers("sys")
          .whereLayer("core")
          .mayOnlyAccessLayers("statistics", "stack", "layer", "sys")
          .whereLayer("transport")
          .mayOnlyAccessLayers("core", "statistics", "sys")
          .whereLayer("control")
          .mayOnlyAccessLayers("core", "statistics", "sys")
          .whereLayer("offline")
          .mayOnlyAccessLayers("stack", "layer", "sys")
          .whereLayer("api")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule transportsDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage("io.unionfs.transport.kernel..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.unionfs.transport.jnrfuse..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule jnrFuseDoesNotKnowTheKernelTransport =
      noClasses()
          .that()
          .resideInAPackage("io.unionfs.transport.jnrfuse..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.unionfs.transport.kernel..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule onlySysCallsNativeFunctions =
      onlyIn("io.unionfs.sys..", "com.kenai.jffi..");

  @ArchTest
  static final ArchRule onlyTheJnrFuseTransportUsesJnr =
      onlyIn("io.unionfs.transport.jnrfuse..", "jnr..", "ru.serce..");

  @ArchTest
  static final ArchRule onlyTheCoreUsesCaffeine =
      onlyIn("io.unionfs.core..", "com.github.benmanes.caffeine..");

  @ArchTest
  static final ArchRule layersAreNeverAccessedByJavaPaths =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.unionfs.layer..",
              "io.unionfs.stack..",
              "io.unionfs.core..",
              "io.unionfs.offline..")
          .and()
          .doNotHaveFullyQualifiedName("io.unionfs.core.HolderMount") // reads /proc, no layer
          .and()
          .doNotHaveFullyQualifiedName("io.unionfs.offline.LocklessMounts") // likewise
          .should()
          .dependOnClassesThat(javaFileAccess())
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("io.unionfs.(*)..").should().beFreeOfCycles().allowEmptyShould(true);

  @ArchTest
  static final ArchRule classesAreNamedForWhatTheyAre =
      noClasses()
          .should()
          .haveNameMatching(".*(Manager|Helper|Utils?|Impl)(\\$.*)?|.*\\.Abstract[A-Z].*")
          .allowEmptyShould(true);

  private static ArchRule onlyIn(String owner, String... libraries) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(owner)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> javaFileAccess() {
    return resideInAPackage("java.nio.file..")
        .or(
            DescribedPredicate.describe(
                "are java.io.File or its streams",
                type -> type.getName().matches("java\\.io\\.(File|RandomAccessFile).*")))
        .as("read or write files by java.nio.file or java.io");
  }
}
