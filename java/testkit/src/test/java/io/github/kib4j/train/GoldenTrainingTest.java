package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.testkit.GoldenTraining;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
            assertThat(errors).hasSizeGreaterThan(30);
            assertThat(errors)
                    .allSatisfy((tensor, error) -> assertThat(error).as(tensor).isLessThan(TOLERANCE));
        }
    }

    /** A record with another setting is another training, or one that the helper refuses: it ignores none. */
    @ParameterizedTest
    @CsvSource({
        "kernel_z, '\"gaussian\"'",
        "kernel_z, '\"lin\"'",
        "kernel_y, '\"lin\"'",
        "kernel_y, '\"gaussian\"'",
        "gamma, 3.5",
        "mode, '\"biased\"'",
        "center_z, false",
        "center_labels, false",
        "grouping, '{\"dim\": 4, \"power\": 0.7, \"delta\": 1.0}'",
        "grouping, '{\"dim\": 2, \"power\": 0.8, \"delta\": 1.0}'",
        "divnorm, 'null'",
        "divnorm, '{\"dim\": 4, \"power\": 0.2, \"delta\": 0.5}'",
        "nonlinearity, '\"lrelu\"'",
        "nonlinearity, '\"tanh\"'",
        "pooling, '\"none\"'",
        "padding, 0",
        "optimizer, '\"AdamW\"'",
        "optimizer, '\"RMSprop\"'",
        "lr_local, 0.25",
        "lr_final, 0.25",
        "momentum, 0",
        "weight_decay_local, 0.1",
        "weight_decay_final, 0.1",
        "dropout, 0.5",
        "rule, '\"backprop\"'",
        "rule, '\"layerwise\"'",
        "scheduler, '{\"milestones\": [2], \"gamma\": 0.25}'",
        "scheduler, '{\"milestones\": [3], \"gamma\": 0.5}'"
    })
    void noSettingOfARecordIsIgnored(String setting, String value) throws IOException {
        JsonNode golden = GoldenTraining.read("train_phsic_cossim_divnorm");
        ((ObjectNode) golden.get("config")).set(setting, new ObjectMapper().readTree(value));
        double worst = 0;
        try (Device device = Devices.open("reference", 1).device()) {
            worst = GoldenTraining.errors(golden, device, Precision.F32).values().stream()
                    .reduce(0.0, Math::max);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("does not know the setting");
            return;
        }
        assertThat(worst).isGreaterThan(1e-6);
    }

    /** The width of a Gaussian is read too. */
    @Test
    void sigmaIsRead() throws IOException {
        JsonNode golden = GoldenTraining.read("train_phsic_cossim_divnorm");
        ObjectNode config = (ObjectNode) golden.get("config");
        List<Map<String, Double>> errors = new ArrayList<>();
        try (Device device = Devices.open("reference", 1).device()) {
            for (double sigma : new double[] {5, 1.5}) {
                config.put("kernel_z", "gaussian").put("sigma_z", sigma);
                errors.add(GoldenTraining.errors(golden, device, Precision.F32));
            }
        }
        assertThat(errors.get(1)).isNotEqualTo(errors.get(0));
    }
}
