package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.cases.GoldenTraining;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference backend repeats the authors' training steps: losses, gradients, weights and running statistics. */
final class GoldenTrainingTest {
    /** Both sides compute in double; five steps of a tiny network amplify rounding by far less than this. */
    private static final double TOLERANCE = 1e-10;

    static List<String> names() {
        return GoldenTraining.NAMES;
    }

    @ParameterizedTest
    @MethodSource("names")
    void referenceRepeatsTheAuthorsSteps(String name) {
        try (Device device = Devices.open("reference", 1).device()) {
            Map<String, Double> errors = GoldenTraining.errors(name, device, Precision.F32);
            assertThat(errors).hasSizeGreaterThan(40);
            assertThat(errors)
                    .allSatisfy((tensor, error) -> assertThat(error).as(tensor).isLessThan(TOLERANCE));
        }
    }
}
