package com.example;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.Observations;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.export.Export;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Computes, trains, predicts and exports: points of two rings. */
public final class Stranger {
    public static void main(String[] arguments) throws Exception {
        Random random = new Random(1);
        float[][] points = new float[300][2];
        int[] rings = new int[points.length];
        for (int i = 0; i < points.length; i++) {
            double angle = random.nextDouble() * 2 * Math.PI;
            double radius = 1 + i % 2 + 0.1 * random.nextGaussian();
            points[i] = new float[] {(float) (radius * Math.cos(angle)), (float) (radius * Math.sin(angle))};
            rings[i] = i % 2;
        }
        ImageSet set = ImageSet.of("rings", points, rings, List.of("inner", "outer"));
        Dataset dataset = Dataset.standardized("rings", set.select("train", even(true)), set.select("test", even(false)));
        Path run = Files.createTempDirectory("stranger");
        try (Device device = Devices.open("cpu", 0).device()) {
            double hsic = Measure.HSIC.of(
                    device, Variable.of(points, Kernel.gaussian(1)), Variable.of(Observations.ofLabels(rings), Kernel.DELTA));
            System.out.println("dependent: " + (hsic > 0.01));
            try (Trainer trainer = new Trainer(device, dataset, config(dataset))) {
                while (!trainer.isFinished()) {
                    trainer.trainEpoch(StepListener.NONE);
                }
                trainer.save(run);
                System.out.println("learned: " + (trainer.evaluate().accuracy() > 95));
            }
            try (Model model = Model.load(device, run)) {
                int ring = model.predict(Samples.of(new float[][] {{0, 2}}))[0];
                System.out.println("predicted: " + model.classNames().get(ring));
                Path onnx = run.resolve("rings.onnx");
                Export.onnx(model.saved(), onnx);
                System.out.println("exported: " + (Files.size(onnx) > 1000));
            }
        }
    }

    private static int[] even(boolean train) {
        return IntStream.range(0, 300).filter(i -> (i % 4 < 2) == train).toArray();
    }

    private static TrainingConfig config(Dataset dataset) {
        LayerSpec style = LayerSpec.linear(1).withBias(true).withGrouping(new Grouping(16, 0.5, 1, 0));
        NetworkSpec network = NetworkSpec.mlp(dataset.train().image(), List.of(64, 64), 2, style);
        ObjectiveOps.Spec objective = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        LocalRule rule = new LocalRule(
                "phsic", LocalObjective.of(objective), TeachingSignals.classes(2, Kernel.COSINE, true));
        OptimizerSpec adam = OptimizerSpec.adamW(0.01, 0);
        return new TrainingConfig(network, rule, adam, adam, new Schedule.Cosine(), 30, 20, Precision.F32, 1, false);
    }
}
