package io.github.kib4j;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

/** Who may import whom: that learning is local is a fact of the package graph. */
@AnalyzeClasses(packages = "io.github.kib4j", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    @ArchTest
    static final ArchRule ARROWS = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("tensor")
            .definedBy("..tensor..")
            .layer("op")
            .definedBy("..op..")
            .layer("data")
            .definedBy("..data..")
            .layer("reference")
            .definedBy("..reference..")
            .layer("layer")
            .definedBy("..layer..")
            .layer("objective")
            .definedBy("..objective..")
            .layer("optimizer")
            .definedBy("..optimizer..")
            .layer("rule")
            .definedBy("..rule..")
            .layer("files")
            .definedBy("..files..")
            .layer("checkpoint")
            .definedBy("..checkpoint..")
            .layer("model")
            .definedBy("..model..")
            .layer("export")
            .definedBy("..export..")
            .layer("train")
            .definedBy("..train..")
            .whereLayer("tensor")
            .mayNotAccessAnyLayer()
            .whereLayer("op")
            .mayOnlyAccessLayers("tensor")
            .whereLayer("data")
            .mayOnlyAccessLayers("tensor")
            .whereLayer("reference")
            .mayOnlyAccessLayers("op", "tensor")
            .whereLayer("layer")
            .mayOnlyAccessLayers("op", "tensor")
            .whereLayer("objective")
            .mayOnlyAccessLayers("op", "tensor")
            .whereLayer("optimizer")
            .mayOnlyAccessLayers("op", "tensor")
            .whereLayer("rule")
            .mayOnlyAccessLayers("layer", "objective", "optimizer", "op", "tensor")
            .whereLayer("files")
            .mayOnlyAccessLayers("tensor")
            .whereLayer("checkpoint")
            .mayOnlyAccessLayers("files", "layer", "op", "tensor")
            .whereLayer("model")
            .mayOnlyAccessLayers("checkpoint", "data", "layer", "op", "tensor")
            .whereLayer("export")
            .mayOnlyAccessLayers("checkpoint", "files", "layer", "op", "tensor")
            .whereLayer("train")
            .mayOnlyAccessLayers("checkpoint", "rule", "data", "layer", "objective", "optimizer", "op", "tensor");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.github.kib4j.(*)..").should().beFreeOfCycles();

    /** Files of one package do not go in circles either. */
    @ArchTest
    static final ArchRule NO_CYCLES_OF_FILES = slices().assignedFrom(new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass type) {
                    return SliceIdentifier.of(type.getName().replaceFirst("\\$.*", ""));
                }

                @Override
                public String getDescription() {
                    return "files";
                }
            })
            .should()
            .beFreeOfCycles();
}
