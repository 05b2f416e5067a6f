package io.github.kib4j.djl;

import ai.djl.Model;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
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
import java.util.List;
import java.util.Random;

/** An example: a DJL model learns by pHSIC which of two rings a point is on; no gradient crosses a layer. */
final class LocalMlp {
    private static final Grouping GROUPS = new Grouping(16, 0.5, 1, 0);

    private LocalMlp() {}

    static Block block() {
        return new SequentialBlock()
                .add(Linear.builder().setUnits(64).build())
                .add(Activation.reluBlock())
                .add(Linear.builder().setUnits(64).build())
                .add(Activation.reluBlock())
                .add(Linear.builder().setUnits(2).build());
    }

    static Dataset rings() {
        Random random = new Random(20);
        return Dataset.standardized("rings", rings(300, random), rings(100, random));
    }

    private static ImageSet rings(int count, Random random) {
        float[][] points = new float[count][2];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            double angle = random.nextDouble() * 2 * Math.PI;
            double radius = 1 + i % 2 + 0.1 * random.nextGaussian();
            points[i][0] = (float) (radius * Math.cos(angle));
            points[i][1] = (float) (radius * Math.sin(angle));
            labels[i] = i % 2;
        }
        return ImageSet.of("rings", points, labels, List.of("inner", "outer"));
    }

    static TrainingConfig config(LocalLearning learning) {
        ObjectiveOps.Spec objective = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2);
        LocalRule rule =
                new LocalRule("phsic", LocalObjective.of(objective), TeachingSignals.classes(2, Kernel.COSINE, true));
        OptimizerSpec adam = OptimizerSpec.adamW(0.01, 0);
        return new TrainingConfig(
                learning.network(), rule, adam, adam, new Schedule.Cosine(), 30, 20, Precision.F32, 1, false);
    }

    /** Trains a model of DJL's, which then has the weights; returns the accuracy on test points, in percent. */
    static double train(Model model) {
        LocalLearning learning = LocalLearning.of(model, new Shape(2), GROUPS);
        try (Device device = Devices.open("auto", 1).device();
                Trainer trainer = new Trainer(device, rings(), config(learning))) {
            learning.copyTo(trainer);
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            learning.copyFrom(trainer);
            return trainer.evaluate().accuracy();
        }
    }

    static Model model() {
        Model model = Model.newInstance("rings");
        Block block = block();
        block.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 2));
        model.setBlock(block);
        return model;
    }
}
