package io.github.kib4j.train;

import io.github.kib4j.layer.Buffers;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.op.AugmentationOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans and runs passes over the test images: running statistics, no dropout, no augmentation. */
final class Evaluator {
    private final Device device;
    private final Network network;
    private final Buffers buffers;
    private final DeviceDataset.Images images;
    private final int largestBatch;
    private final AugmentationOps.Spec normalization;
    private final Clock clock;
    private final Tensor totals;
    private final Map<Integer, Batch> batches = new HashMap<>();

    /** A planned batch: its labels {@code [B]}, and the logits {@code [B, M]} until another one runs. */
    private record Batch(List<Operation> operations, Tensor labels, Tensor logits) {}

    Evaluator(Scope scope, Network network, Buffers buffers, DeviceDataset dataset, TrainingConfig config) {
        device = network.device();
        this.network = network;
        this.buffers = buffers;
        images = dataset.test();
        largestBatch = config.batch();
        normalization = new AugmentationOps.Spec(0, false, dataset.mean(), dataset.deviation(), config.seed());
        clock = Clock.allocate(scope);
        totals = scope.allocate(DataType.F64, Shape.of(2));
    }

    /**
     * Runs over all test images.
     *
     * @param step training steps done, for the sentence of a failure
     * @return the accuracy; null if the listener stopped it
     */
    @Nullable
    Evaluation run(long step, EvaluationListener listener, Predictions predictions) {
        clock.now().write(new long[3]);
        clock.fault().write(new long[2]);
        totals.write(new double[2]);
        for (int done = 0; done < images.count(); done += largestBatch) {
            if (!listener.onImages(done, images.count())) {
                device.synchronize();
                return null;
            }
            Batch planned = batches.computeIfAbsent(Math.min(largestBatch, images.count() - done), this::plan);
            planned.operations().forEach(Operation::run);
            if (predictions != Predictions.NONE) {
                device.synchronize();
                predictions.add(
                        done, planned.labels().readInts(), planned.logits().readFloats());
            }
        }
        device.synchronize();
        double[] result = totals.readDoubles();
        if (!Double.isFinite(result[0])) {
            throw TrainingDivergedException.evaluation(step, result[0]);
        }
        return new Evaluation(images.count(), result[0] / images.count(), 100 * result[1] / images.count());
    }

    /** Plans every batch there will be, so that the device holds all that evaluations will. */
    void planAll() {
        for (int batch : new int[] {Math.min(largestBatch, images.count()), images.count() % largestBatch}) {
            if (batch > 0) {
                batches.computeIfAbsent(batch, this::plan);
            }
        }
    }

    private Batch plan(int batch) {
        List<Operation> operations = new ArrayList<>();
        Tensor x = buffers.get("x", buffers.activations(), network.spec().input(), batch);
        Tensor labels = buffers.get("labels", DataType.I32, Shape.of(), batch);
        operations.add(
                device.augmentation().batch(x, labels, images.pixels(), images.labels(), null, normalization, clock));
        List<LayerPass> passes = network.passes(x, buffers, LayerPass.Use.INFERENCE, null);
        passes.forEach(pass -> operations.addAll(pass.forward()));
        ReadoutPass readout = network.readoutPass(passes.get(passes.size() - 1).sent(), buffers);
        operations.add(readout.forward());
        operations.add(readout.loss(labels, new Meter(totals, 0, clock)));
        operations.add(device.random().advance(clock, batch));
        return new Batch(operations, labels, readout.logits());
    }
}
