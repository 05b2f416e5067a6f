package io.github.kib4j.bench.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.GradientCollector;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.github.kib4j.bench.djl.DjlLayer.BatchNormalization;
import io.github.kib4j.bench.djl.DjlLayer.Groups;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A training of kib4j written with DJL's arrays and gradients, in single precision. */
final class DjlTraining implements AutoCloseable {
    private final NDManager manager;
    private final TrainingConfig config;
    private final List<DjlLayer> layers = new ArrayList<>();
    private final NDArray readoutWeight;
    private final NDArray readoutBias;
    private final Optimizer local;
    private final Optimizer readout;
    private final @Nullable DjlObjective objective;

    /**
     * Creates it.
     *
     * @param weights initial values as kib4j orders its parameters: each hidden layer's weight, scale and shift, then the
     *     readout's weight and bias
     */
    DjlTraining(NDManager manager, TrainingConfig config, List<float[]> weights) {
        this.manager = manager;
        this.config = config;
        NetworkSpec network = config.network();
        Iterator<float[]> values = weights.iterator();
        for (int i = 0; i < network.hidden().size(); i++) {
            layers.add(layer(network.hidden().get(i), network.shapes().get(i), values));
        }
        long inputs = network.shapes().get(layers.size()).size();
        readoutWeight = parameter(values.next(), new Shape(network.outputs(), inputs));
        readoutBias = parameter(values.next(), new Shape(network.outputs()));
        local = optimizer(config.local());
        readout = optimizer(config.readout());
        objective = config.rule() instanceof LocalRule rule && rule.objective() instanceof LocalObjective dependence
                ? new DjlObjective(dependence.spec())
                : null;
    }

    private DjlLayer layer(LayerSpec spec, io.github.kib4j.tensor.Shape input, Iterator<float[]> values) {
        io.github.kib4j.tensor.Shape shape = spec.weight(input);
        Shape stored = spec.isConvolution()
                ? new Shape(shape.extent(0), shape.extent(1), shape.extent(2), shape.extent(3))
                : new Shape(shape.extent(0), shape.rowSize());
        NDArray weight = parameter(values.next(), stored);
        Shape units = new Shape(spec.units());
        BatchNormalization batchNorm = spec.batchNorm()
                ? new BatchNormalization(
                        parameter(values.next(), units),
                        parameter(values.next(), units),
                        manager.zeros(units),
                        manager.ones(units))
                : null;
        return new DjlLayer(spec, weight, batchNorm);
    }

    private NDArray parameter(float[] values, Shape shape) {
        NDArray parameter = manager.create(values, shape);
        parameter.setRequiresGradient(true);
        return parameter;
    }

    private static Optimizer optimizer(OptimizerSpec spec) {
        Tracker rate = Tracker.fixed((float) spec.learningRate());
        if (spec.update() instanceof OptimizerOps.Sgd sgd) {
            return Optimizer.sgd()
                    .setLearningRateTracker(rate)
                    .optMomentum((float) sgd.momentum())
                    .optWeightDecays((float) sgd.weightDecay())
                    .build();
        }
        OptimizerOps.Adam adam = (OptimizerOps.Adam) spec.update();
        if (!adam.decoupled()) {
            throw new IllegalArgumentException("The peer is written for SGD and AdamW alone.");
        }
        return Optimizer.adamW()
                .optLearningRateTracker(rate)
                .optBeta1((float) adam.beta1())
                .optBeta2((float) adam.beta2())
                .optEpsilon((float) adam.epsilon())
                .optWeightDecays((float) adam.weightDecay())
                .build();
    }

    /**
     * Trains one step.
     *
     * @param images {@code [B, ...]}
     * @param oneHot {@code [B, M]}
     * @return the hidden layers' losses, then the readout's, before the update
     */
    List<Float> step(NDArray images, NDArray oneHot) {
        try (NDManager step = manager.newSubManager()) {
            NDArray x = images.duplicate();
            x.attach(step);
            return objective == null ? backprop(x, oneHot) : local(x, oneHot, objective);
        }
    }

    private List<Float> local(NDArray input, NDArray oneHot, DjlObjective rule) {
        List<Float> losses = new ArrayList<>();
        NDArray teaching = DjlObjective.teaching(own(oneHot, input));
        NDArray x = input;
        for (int i = 0; i < layers.size(); i++) {
            DjlLayer layer = layers.get(i);
            Grouping grouping = layer.spec().grouping();
            if (grouping == null) {
                throw new IllegalArgumentException("The peer's local rule is written for grouped codes alone.");
            }
            NDArray z;
            Groups groups;
            NDArray loss;
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                z = layer.activities(x);
                groups = Groups.of(z, grouping);
                loss = rule.of(groups.code(grouping), teaching);
                collector.backward(loss);
            }
            updateLayer(local, i);
            losses.add(loss.getFloat());
            x = layer.sent(z, groups);
        }
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray loss = crossEntropy(x, oneHot);
            collector.backward(loss);
            losses.add(loss.getFloat());
        }
        updateReadout();
        return losses;
    }

    private List<Float> backprop(NDArray input, NDArray oneHot) {
        NDArray loss;
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray x = input;
            for (DjlLayer layer : layers) {
                x = layer.dropped(layer.activities(x));
            }
            loss = crossEntropy(x, oneHot);
            collector.backward(loss);
        }
        for (int i = 0; i < layers.size(); i++) {
            updateLayer(readout, i);
        }
        updateReadout();
        return List.of(loss.getFloat());
    }

    private NDArray crossEntropy(NDArray x, NDArray oneHot) {
        NDArray rows = x.reshape(x.getShape().get(0), -1);
        NDArray logits = Linear.linear(rows, readoutWeight, readoutBias).singletonOrThrow();
        return logits.logSoftmax(1).mul(oneHot).sum().div(x.getShape().get(0)).neg();
    }

    private void updateLayer(Optimizer optimizer, int index) {
        List<NDArray> parameters = layers.get(index).parameters();
        for (int i = 0; i < parameters.size(); i++) {
            update(optimizer, "layer" + index + "." + i, parameters.get(i));
        }
    }

    private void updateReadout() {
        update(readout, "readout.weight", readoutWeight);
        update(readout, "readout.bias", readoutBias);
    }

    private static void update(Optimizer optimizer, String name, NDArray parameter) {
        try (NDArray gradient = parameter.getGradient()) {
            optimizer.update(name, parameter, gradient);
        }
    }

    /** Returns a copy that the manager of another array owns. */
    private static NDArray own(NDArray array, NDArray other) {
        NDArray copy = array.duplicate();
        copy.attach(other.getManager());
        return copy;
    }

    /** Returns what is trained. */
    TrainingConfig config() {
        return config;
    }

    @Override
    public void close() {
        manager.close();
    }
}
