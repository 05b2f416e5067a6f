package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.ClassWeights;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.LabelSpec;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that is saved, dropped and restored after every single step is, bit for bit, one that was never interrupted. */
public abstract class ResumeContract extends BackendContract {
    private static final int EPOCHS = 2;
    private static final int BATCH = 16;
    /** Four steps: three whole batches, a short one; a last single sample is skipped. Of two views seven. */
    private static final int IMAGES = 3 * BATCH + 5;

    @TempDir
    Path folder;

    static Stream<Arguments> runs() {
        List<Arguments> runs = new ArrayList<>();
        Rule layerwise = TinyRun.layerwise(Feedback.Kind.RANDOM);
        for (Precision precision : Precision.values()) {
            for (Rule rule : List.of(
                    TinyRun.phsic(),
                    new BackpropRule(),
                    new BackpropRule(Feedback.Kind.RANDOM, true),
                    layerwise,
                    TinyRun.pairs(new PairMemory.Averages(0.02)))) {
                runs.add(Arguments.of("vgg", rule.name(), precision, vgg(rule, precision)));
                runs.add(Arguments.of("mlp", rule.name(), precision, mlp(rule, precision)));
            }
            for (Rule rule : TinyRun.withoutLabels()) {
                runs.add(Arguments.of(
                        "vgg, 2 views",
                        rule.toString(),
                        precision,
                        vgg(rule, precision).withViews(2)));
            }
        }
        for (Rule rule : List.of(TinyRun.phsic(), layerwise, TinyRun.pairs(new PairMemory.Last(20, 0.02)))) {
            TrainingConfig mixed = mlp(rule, Precision.F32).withLabels(new LabelSpec(0.1, 0.4));
            runs.add(Arguments.of("mlp, mixed images", rule.name(), Precision.F32, mixed));
        }
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule(Feedback.Kind.RANDOM, false))) {
            TrainingConfig tiny = vgg(rule, Precision.BF16);
            NetworkSpec network = tiny.network().withReadout(new ReadoutSpec(16));
            runs.add(Arguments.of(
                    "vgg, readout of all layers",
                    rule.name(),
                    Precision.BF16,
                    config(network, rule, tiny.local(), tiny.schedule(), Precision.BF16)));
        }
        for (Precision precision : Precision.values()) {
            runs.add(Arguments.of("vgg", "cells", precision, vgg(TinyRun.cells(), precision)));
            TrainingConfig averaged =
                    vgg(TinyRun.phsic(), precision).withWeightAverage(0.75).withTestFlips(true);
            runs.add(Arguments.of("vgg", "phsic, weights averaged", precision, averaged));
        }
        TrainingConfig muon = TinyRun.withMuon(vgg(TinyRun.phsic(), Precision.BF16), 0.02);
        runs.add(Arguments.of("vgg", "phsic, orthogonalised momentum", Precision.BF16, muon));
        for (Precision precision : Precision.values()) {
            TrainingConfig features = TinyRun.onFeatures(TinyRun.phsic(), EPOCHS, BATCH);
            runs.add(Arguments.of(
                    "mlp, features",
                    "phsic",
                    precision,
                    config(features.network(), features.rule(), features.local(), features.schedule(), precision)));
        }
        TrainingConfig weighted = mlp(TinyRun.phsic(), Precision.BF16)
                .withLabels(new LabelSpec(0.1, 0, ClassWeights.of(List.of(0.5, 1.0, 2.0, 4.0))));
        runs.add(Arguments.of("mlp", "phsic, weights of classes", Precision.BF16, weighted));
        Rule readout = new ReadoutRule();
        runs.add(Arguments.of("vgg", readout.name(), Precision.F32, vgg(readout, Precision.F32)));
        return runs.stream();
    }

    private static TrainingConfig vgg(Rule rule, Precision precision) {
        TrainingConfig tiny = TinyRun.config(rule, EPOCHS, BATCH, 0.01);
        return config(tiny.network(), rule, tiny.local(), new Schedule.OneCycle(0.3), precision);
    }

    private static TrainingConfig mlp(Rule rule, Precision precision) {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.SELU)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2))
                .withDropout(new Dropout(0.1, true));
        NetworkSpec network = NetworkSpec.mlp(Shape.of(2, 8, 8), List.of(24, 16), 4, style);
        Schedule schedule = new Schedule.WarmUp(1.5, new Schedule.MultiStep(List.of(1), 0.25));
        return config(network, rule, OptimizerSpec.sgd(0.1, 0.9, 1e-4), schedule, precision);
    }

    private static TrainingConfig config(
            NetworkSpec network, Rule rule, OptimizerSpec optimizer, Schedule schedule, Precision precision) {
        return new TrainingConfig(network, rule, optimizer, optimizer, schedule, EPOCHS, BATCH, precision, 7, true);
    }

    private static Dataset dataset(TrainingConfig config) {
        if (config.network().input().extent(1) == 1) {
            return TinyRun.features(IMAGES, 20);
        }
        Dataset plain = TinyRun.dataset(IMAGES, 20);
        return new Dataset(plain.name(), plain.train(), plain.test(), plain.mean(), plain.deviation(), 2, true);
    }

    /** What can be seen of a run, besides its files. */
    private record Seen(List<EpochResult> epochs, List<Evaluation> tests) {
        Seen() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        void add(EpochResult epoch, Evaluation test) {
            epochs.add(new EpochResult(
                    epoch.epoch(),
                    epoch.images(),
                    0,
                    0,
                    0,
                    epoch.localLosses(),
                    epoch.readoutLoss(),
                    epoch.accuracy(),
                    epoch.localRate(),
                    epoch.readoutRate()));
            tests.add(test);
        }
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("runs")
    void interruptedAfterEveryStepIsAsNeverInterrupted(
            String network, String rule, Precision precision, TrainingConfig config) throws IOException {
        Seen whole = new Seen();
        try (Device device = open();
                Trainer trainer = new Trainer(device, dataset(config), config)) {
            while (!trainer.isFinished()) {
                whole.add(Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE)), trainer.evaluate());
            }
            trainer.save(folder.resolve("whole"));
        }
        assertThat(interrupted(config)).isEqualTo(whole);
        Path last = Path.of("step-" + steps(config) * EPOCHS);
        List<String> files = new ArrayList<>(List.of("weights.safetensors", "optimizer.safetensors", "state.json"));
        if (config.weightAverage() > 0) {
            files.add("averaged.safetensors");
        }
        for (String file : files) {
            assertThat(content(folder.resolve("parts").resolve(last).resolve(file)))
                    .as(file)
                    .isEqualTo(content(folder.resolve("whole").resolve(last).resolve(file)));
        }
    }

    private static int steps(TrainingConfig config) {
        return config.views() == 1 ? 4 : 7;
    }

    private Seen interrupted(TrainingConfig config) throws IOException {
        Seen seen = new Seen();
        Path parts = folder.resolve("parts");
        boolean finished = false;
        try (Device device = open()) {
            for (int part = 0; !finished; part++) {
                try (Trainer trainer = new Trainer(device, dataset(config), config)) {
                    if (part > 0) {
                        assertThat(trainer.restore(parts)).isEmpty();
                        assertThat(trainer.step()).isEqualTo(part);
                    }
                    if (trainer.step() > 0 && trainer.step() % steps(config) == 0) {
                        seen.add(trainer.lastEpoch(), trainer.evaluate());
                    }
                    finished = trainer.isFinished();
                    if (!finished) {
                        trainer.trainEpoch((epoch, step, steps) -> false);
                        trainer.save(parts);
                    }
                }
            }
        }
        return seen;
    }

    /** Returns what must be equal: all of a file but the time that training took, and the checksum over that. */
    private static Object content(Path file) throws IOException {
        return file.toString().endsWith(".json")
                ? Files.readString(file).replaceAll("\"(seconds|checksum)\": [^\n]*", "")
                : Files.readAllBytes(file);
    }
}
