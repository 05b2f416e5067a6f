package io.github.kib4j.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds over all modules: who sees whom, what is thrown, what is said. */
final class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.github.kib4j");

    @Test
    void packagesOfAllModulesHaveNoCircle() {
        assertThat(CLASSES.contain(Shape.class) && CLASSES.contain(Datasets.class) && CLASSES.contain(Key.class))
                .isTrue();
        slices().matching("io.github.kib4j.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    /** Within a package, files do not use each other in a circle; a nested class belongs to its file. */
    @ParameterizedTest
    @ValueSource(strings = {"cli", "experiment", "experiment.report", "datasets"})
    void filesOfAPackageHaveNoCircle(String name) {
        SliceAssignment files = new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass one) {
                return one.getPackageName().equals("io.github.kib4j." + name)
                        ? SliceIdentifier.of(one.getFullName().replaceFirst("\\$.*", ""))
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return "files of " + name;
            }
        };
        slices().assignedFrom(files).should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyExceptionIsOfTheFamily() {
        classes()
                .that()
                .areAssignableTo(Throwable.class)
                .should()
                .beAssignableTo(KibFailure.class)
                .check(CLASSES);
    }

    /** Options are the command line's: rooms below it do not know them. Java's own may be named. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "tensor",
                "op",
                "reference",
                "data",
                "layer",
                "objective",
                "optimizer",
                "rule",
                "files",
                "checkpoint",
                "train",
                "bindings",
                "cpu",
                "cuda",
                "datasets"
            })
    void roomsBelowNameNoOption(String name) throws IOException {
        List<JavaClass> classes = CLASSES.stream()
                .filter(one -> one.getPackageName().equals("io.github.kib4j." + name))
                .toList();
        assertThat(classes).isNotEmpty();
        for (JavaClass one : classes) {
            URL file = one.getSource().orElseThrow().getUri().toURL();
            try (InputStream in = file.openStream()) {
                // Texts of ASCII stand in a class file as they are.
                String text = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
                Matcher option = Pattern.compile("--[a-z]{3,}[a-z-]*").matcher(text);
                while (option.find()) {
                    assertThat(option.group()).as(one.getName()).isIn("--add-modules", "--enable-native-access");
                }
            }
        }
    }
}
