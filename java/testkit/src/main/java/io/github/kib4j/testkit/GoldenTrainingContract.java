package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A backend follows the authors' recorded training steps as closely as its precision lets it. */
public abstract class GoldenTrainingContract extends BackendContract {
    static List<String> names() {
        return GoldenTraining.NAMES;
    }

    /** Single precision has relative errors of 6e-8; five steps of centred sums amplify them a thousandfold. */
    @ParameterizedTest
    @MethodSource("names")
    void singlePrecisionFollowsTheAuthorsSteps(String name) {
        Map<String, Double> errors = errors(name, Precision.F32);
        assertThat(errors).hasSizeGreaterThan(30);
        assertThat(errors)
                .allSatisfy((tensor, error) -> assertThat(error).as(tensor).isLessThan(1e-4));
    }

    /**
     * bfloat16 has relative errors of 4e-3, which may turn a choice of max-pooling, so that gradients are near in norm only;
     * weights after the first step are near.
     */
    @ParameterizedTest
    @MethodSource("names")
    void bfloat16TakesTheAuthorsFirstStep(String name) {
        Map<String, Double> errors = errors(name, Precision.BF16);
        errors.keySet().removeIf(tensor -> !tensor.startsWith("step 1 "));
        assertThat(errors).hasSizeGreaterThan(6);
        assertThat(errors)
                .allSatisfy((tensor, error) ->
                        assertThat(error).as(tensor).isLessThan(tensor.contains("gradient") ? 0.5 : 0.1));
    }

    private Map<String, Double> errors(String name, Precision precision) {
        try (Device device = open()) {
            return GoldenTraining.errors(name, device, precision);
        }
    }
}
