package io.github.kib4j.examples;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.Dependence;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What a layer says of each sample of a batch: its codes, before and after training, and how much they tell of the classes. */
public final class CodesOfABatch {
    private CodesOfABatch() {}

    /**
     * {@return the codes {@code [B][G]} of a hidden layer, as in evaluation}
     *
     * @param network the network
     * @param layer number of the hidden layer, from 0
     * @param x {@code [B][D]}, normalized as in training
     */
    public static float[][] codes(Network network, int layer, float[][] x) {
        try (Scope scope = network.device().newScope("codes")) {
            Tensor input = scope.allocate(DataType.F32, network.spec().input().prepend(x.length));
            input.write(flat(x));
            Workspace workspace = network.device().newWorkspace(scope);
            List<LayerPass> passes = network.passes(input, workspace, LayerPass.Use.INFERENCE, null);
            Tensor code = workspace.keep(passes.get(layer).code());
            List<Step> steps = new ArrayList<>();
            for (LayerPass pass : passes.subList(0, layer + 1)) {
                pass.forward().forEach(operation -> steps.add(Step.main(Phase.FORWARD, operation)));
            }
            network.device().compile(workspace, steps).run();
            return rows(code.readFloats(), x.length);
        }
    }

    /**
     * {@return the test samples of a data set as a network reads them, {@code [B][D]}}
     *
     * @param dataset whose samples
     */
    public static float[][] inputs(Dataset dataset) {
        int size = (int) dataset.test().image().size();
        int positions = size / dataset.test().image().extent(0);
        float[] x = new float[dataset.test().pixels().size()];
        for (int i = 0; i < x.length; i++) {
            int channel = i % size / positions;
            x[i] = (float) ((dataset.test().pixels().value(i) - dataset.mean().get(channel))
                    / dataset.deviation().get(channel));
        }
        return rows(x, dataset.test().count());
    }

    /**
     * {@return the dependence of codes and classes, between 0 and 1: HSIC over the root of that of each with itself}
     *
     * @param device computes it
     * @param codes {@code [B][G]}
     * @param dataset whose test samples have these codes
     */
    public static double dependence(Device device, float[][] codes, Dataset dataset) {
        float[][] classes = new float[codes.length][dataset.test().classes()];
        for (int b = 0; b < codes.length; b++) {
            classes[b][dataset.test().labels()[b]] = 1;
        }
        return hsic(device, codes, classes) / Math.sqrt(hsic(device, codes, codes) * hsic(device, classes, classes));
    }

    private static double hsic(Device device, float[][] x, float[][] y) {
        return Dependence.of(device, x, Kernel.COSINE, y, Kernel.COSINE, Estimator.HSIC);
    }

    private static float[] flat(float[][] rows) {
        float[] flat = new float[rows.length * rows[0].length];
        for (int b = 0; b < rows.length; b++) {
            System.arraycopy(rows[b], 0, flat, b * rows[b].length, rows[b].length);
        }
        return flat;
    }

    private static float[][] rows(float[] flat, int count) {
        float[][] rows = new float[count][flat.length / count];
        for (int b = 0; b < count; b++) {
            System.arraycopy(flat, b * rows[b].length, rows[b], 0, rows[b].length);
        }
        return rows;
    }

    /**
     * Prints how much the codes of each layer tell of the ring a point is on.
     *
     * @param arguments none
     * @throws IOException if the file cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        Dataset rings = MlpOnFeatures.rings();
        float[][] x = inputs(rings);
        try (Device device = Devices.open("auto", 0).device();
                Trainer trainer =
                        new Trainer(device, rings, MlpOnFeatures.config(rings, MlpOnFeatures.labels(rings), 30))) {
            for (int epoch = 0; epoch <= 30; epoch += 10) {
                while (trainer.epoch() < epoch) {
                    trainer.trainEpoch(StepListener.NONE);
                }
                System.out.printf(
                        "After %2d epochs: layer 1 %.3f, layer 2 %.3f%n",
                        epoch,
                        dependence(device, codes(trainer.network(), 0, x), rings),
                        dependence(device, codes(trainer.network(), 1, x), rings));
            }
        }
    }
}
