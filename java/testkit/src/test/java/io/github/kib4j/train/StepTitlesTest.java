package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Step;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each step knows what it is for. */
final class StepTitlesTest {
    /** Returns the titles of a step of a network of two hidden layers, neighbours of one title once. */
    private static List<String> titles(Rule rule) {
        Shape image = Shape.of(1, 2, 2);
        LayerSpec style = LayerSpec.linear(1).withGrouping(new Grouping(2, 0.8, 1, 0.2));
        NetworkSpec network = NetworkSpec.mlp(image, List.of(8, 6), 4, style);
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer =
                        new Trainer(device, TinyRun.dataset(image, 8, 4), TinyRun.config(rule, network, 1, 4, 0.01))) {
            List<String> titles = new ArrayList<>();
            for (Step step : trainer.plan(4).steps()) {
                if (titles.isEmpty() || !titles.get(titles.size() - 1).equals(step.title())) {
                    titles.add(step.title());
                }
            }
            return titles;
        }
    }

    @Test
    void ofALocalRule() {
        assertThat(titles(TinyRun.phsic()))
                .containsExactly(
                        "data",
                        "layer 1 forward",
                        "layer 1 objective",
                        "layer 1 gradient",
                        "layer 1 optimizer",
                        "layer 2 forward",
                        "layer 2 objective",
                        "layer 2 gradient",
                        "layer 2 optimizer",
                        "readout forward",
                        "readout objective",
                        "readout optimizer",
                        "data");
    }

    @Test
    void ofBackprop() {
        assertThat(titles(new BackpropRule()))
                .containsExactly(
                        "data",
                        "layer 1 forward",
                        "layer 2 forward",
                        "readout forward",
                        "readout objective",
                        "layer 2 gradient",
                        "layer 1 gradient",
                        "optimizer",
                        "data");
    }

    @Test
    void ofTheReadoutAlone() {
        assertThat(titles(new ReadoutRule()))
                .containsExactly(
                        "data",
                        "layer 1 forward",
                        "layer 2 forward",
                        "readout forward",
                        "readout objective",
                        "readout optimizer",
                        "data");
    }
}
