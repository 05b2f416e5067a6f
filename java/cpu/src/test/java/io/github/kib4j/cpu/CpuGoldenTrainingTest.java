package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.cases.GoldenTraining;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The CPU backend follows the authors' recorded training steps as closely as its precision lets it. */
final class CpuGoldenTrainingTest {
    static List<String> names() {
        return GoldenTraining.NAMES;
    }

    @ParameterizedTest
    @MethodSource("names")
    void singlePrecisionFollowsTheAuthorsSteps(String name) {
        check(name, Precision.F32, 2e-4);
    }

    @ParameterizedTest
    @MethodSource("names")
    void bfloat16FollowsTheAuthorsSteps(String name) {
        check(name, Precision.BF16, 0.5);
    }

    private static void check(String name, Precision precision, double tolerance) {
        try (Device device = Devices.open("cpu", 2).device()) {
            Map<String, Double> errors = GoldenTraining.errors(name, device, precision);
            System.out.println(name + " " + precision + " "
                    + errors.entrySet().stream()
                            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                            .limit(8)
                            .toList());
            assertThat(errors).hasSizeGreaterThan(40);
            assertThat(errors)
                    .allSatisfy((tensor, error) -> assertThat(error).as(tensor).isLessThan(tolerance));
        }
    }
}
