package io.github.kib4j.bench.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kib4j.bench.Machine;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Spread;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TrainingReportTest {
    private static final Configuration PRODUCTS = Configuration.parse("onednn/mlp/backprop/f32/2");
    private static final Configuration LOCAL = Configuration.parse("kib/mlp/cosine-grp-div/f32/2");
    private static final Configuration BACKPROP = Configuration.parse("kib/mlp/backprop/f32/2");
    private static final Configuration PEER = Configuration.parse("djl/mlp/cosine-grp-div/f32/2");
    private static final Configuration AGAINST = Configuration.parse("against/mlp/cosine-grp-div/f32/2");
    private static final Machine MACHINE = new Machine("A processor", 2, "Linux", "Java", 0);

    /** Two rounds, of which the second is twice as slow for everybody. */
    private static Results results() {
        Results results = new Results(List.of(PRODUCTS, LOCAL, BACKPROP, AGAINST, PEER));
        for (int slow = 1; slow <= 2; slow++) {
            results.add(
                    PRODUCTS,
                    measurement(
                            2560.0 / slow,
                            Map.of(
                                    "forward",
                                    20.0 * slow,
                                    "weight gradient",
                                    30.0 * slow,
                                    "data gradient",
                                    50.0 * slow)));
            results.add(LOCAL, measurement(2048.0 / slow, Map.of("forward", 125.0 * slow)));
            results.add(BACKPROP, measurement(1024.0 / slow, Map.of("forward", 250.0 * slow)));
            results.add(AGAINST, measurement(2000.0 / slow, Map.of()));
            results.add(PEER, measurement(512.0 / slow, Map.of()));
        }
        return results;
    }

    private static Measurement measurement(double imagesPerSecond, Map<String, Double> phases) {
        return new Measurement("version 1", 3, 1, imagesPerSecond, phases, 0.5, 123_000_000);
    }

    @Test
    void localRulesAreBoundByForwardAndWeightGradientAlone() {
        Measurement products = results().of(PRODUCTS).get(0);
        assertThat(Results.boundImagesPerSecond(LOCAL, products)).isCloseTo(256 / 0.050, within(1e-9));
        assertThat(Results.boundImagesPerSecond(BACKPROP, products)).isCloseTo(256 / 0.100, within(1e-9));
    }

    @Test
    void ratiosAreTakenWithinARoundSoThatDriftCancels() {
        Results results = results();
        assertThat(results.ofBound(LOCAL)).contains(new Spread(0.4, 0.4, 0.4));
        assertThat(results.ratio(LOCAL, BACKPROP)).contains(new Spread(2, 2, 2));
        assertThat(results.spread(LOCAL, Measurement::imagesPerSecond)).isEqualTo(new Spread(1024, 1536, 2048));
    }

    @Test
    void markdownHoldsSpeedsBoundsPhasesRatiosAndFailures() {
        Results results = results();
        results.fail(Configuration.parse("djl/vgg/backprop/f32/2"), "no such thing");
        results.leaveOut(Configuration.parse("djl/vgg/backprop/bf16/2"), "no such type");
        assertThat(results.isWanted(Configuration.parse("djl/vgg/backprop/bf16/2")))
                .isFalse();
        String text = report(results).markdown();
        assertThat(text)
                .contains("Command: `bench/train --rounds 2`")
                .contains("Random images")
                .contains("* `kib`: version 1")
                .contains(
                        "| kib/mlp/cosine-grp-div/f32/2 | 1,536.0 (1,024.0 to 2,048.0) | 18 | 3,840.0 (2,560.0 to 5,120.0)"
                                + " | 0.40 (0.40 to 0.40) | 50 % | 123 MB |")
                .contains("* kib/mlp/backprop/f32/2: forward 375.00")
                .contains("| kib/mlp/cosine-grp-div/f32/2 over kib/mlp/backprop/f32/2 | 2.00 (2.00 to 2.00) |")
                .contains("| kib/mlp/cosine-grp-div/f32/2 over djl/mlp/cosine-grp-div/f32/2 | 4.00 (4.00 to 4.00) |")
                .contains(
                        "| kib/mlp/cosine-grp-div/f32/2 over against/mlp/cosine-grp-div/f32/2 | 1.02 (1.02 to 1.02) |")
                .contains("Not measured: djl/vgg/backprop/f32/2: no such thing.")
                .contains("Left out: djl/vgg/backprop/bf16/2: no such type.");
    }

    @Test
    void jsonHoldsEveryRound() {
        JsonNode json = report(results()).json();
        assertThat(json.at("/configurations/1/rounds/1/imagesPerSecond").asDouble())
                .isEqualTo(1024);
        assertThat(json.at("/configurations/1/of_the_bound/median").asDouble()).isEqualTo(0.4);
        assertThat(json.at("/machine_before/processor").asText()).isEqualTo("A processor");
    }

    private static TrainingReport report(Results results) {
        return new TrainingReport(results, 2, 1, new Output(MACHINE, MACHINE, "bench/train", List.of("--rounds", "2")));
    }

    @Test
    void wrongNamesAreRefusedWithASentence() {
        assertThatThrownBy(() -> Configuration.parse("kib/mlp/phsic/f32/2"))
                .hasMessageStartingWith("There is no rule 'phsic'; choose of: cosine-grp-div");
        assertThatThrownBy(() -> Configuration.parse("kib/mlp/backprop/f16/2"))
                .hasMessage("There is no precision 'f16'; choose of: f32, bf16.");
        assertThatThrownBy(() -> Configuration.parse("kib/mlp")).hasMessageContaining("not 'kib/mlp'");
    }
}
