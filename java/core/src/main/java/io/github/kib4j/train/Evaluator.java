package io.github.kib4j.train;

import io.github.kib4j.layer.Inference;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Passes over the test images: running statistics, no dropout, no augmentation. */
final class Evaluator {
    private final Device device;
    private final Network network;
    private final @Nullable Network current;
    private final Workspace workspace;
    private final DeviceDataset.Images images;
    private final TrainingConfig config;
    private final int batch;
    private final BatchOps.Spec normalization;
    private final BatchOps.Spec mirrored;
    private final Clock clock;
    private final Tensor totals;
    private final Map<Integer, Batch> batches = new HashMap<>();

    /** Where sums of losses are, each followed by the correct answers: of the evaluated weights, of images and of both mirrored. */
    private static final int PLAIN = 0;

    private static final int FLIPPED = 2;

    /** Those of the weights as they are, where others are evaluated. */
    private static final int CURRENT = 4;

    private static final int SUMS = 6;

    /** A compiled batch: its labels {@code [B]}, and the logits {@code [B, M]} until another program runs. */
    private record Batch(Program program, Tensor labels, Tensor logits) {}

    /**
     * Allocates what it needs.
     *
     * @param network which is evaluated
     * @param current the network as it is, where another is evaluated; else null
     */
    Evaluator(
            Device device,
            Scope scope,
            Network network,
            @Nullable Network current,
            Workspace workspace,
            DeviceDataset dataset,
            TrainingConfig config) {
        this.device = device;
        this.network = network;
        this.current = current;
        this.workspace = workspace;
        this.config = config;
        batch = Inference.batch(config.batch());
        images = dataset.test();
        normalization = dataset.preparation(false, config.seed());
        mirrored = dataset.mirrored();
        clock = Clock.allocate(scope);
        totals = scope.allocate(DataType.F64, Shape.of(SUMS));
    }

    /** Returns the accuracy after a step; null if the listener stopped it. */
    @Nullable
    Evaluation run(long step, EvaluationListener listener, Predictions predictions) {
        clock.now().write(new long[Clock.SIZE]);
        clock.fault().write(new long[2]);
        totals.write(new double[SUMS]);
        if (current != null) {
            network.renewRounded();
        }
        for (int done = 0; done < images.count(); done += batch) {
            if (!listener.onImages(done, images.count())) {
                device.synchronize();
                return null;
            }
            Batch part = ofSize(Math.min(batch, images.count() - done));
            part.program().run();
            if (predictions != Predictions.NONE) {
                device.synchronize();
                predictions.add(done, part.labels().readInts(), part.logits().readFloats());
            }
        }
        device.synchronize();
        double[] sums = totals.readDoubles();
        for (int place : new int[] {PLAIN, FLIPPED, CURRENT}) {
            if (!Double.isFinite(sums[place])) {
                throw TrainingDivergedException.evaluation(step, sums[place]);
            }
        }
        int count = images.count();
        return new Evaluation(
                count,
                sums[PLAIN] / count,
                100 * sums[PLAIN + 1] / count,
                config.testFlips() ? Double.valueOf(100 * sums[FLIPPED + 1] / count) : null,
                current == null ? null : new Evaluation(count, sums[CURRENT] / count, 100 * sums[CURRENT + 1] / count));
    }

    /** Compiles every batch there will be. */
    void compileAll() {
        if (images.count() == 0) {
            return;
        }
        ofSize(Math.min(batch, images.count()));
        int remainder = images.count() % batch;
        if (remainder > 0) {
            ofSize(remainder);
        }
    }

    private Batch ofSize(int size) {
        return batches.computeIfAbsent(size, this::compile);
    }

    private Batch compile(int size) {
        Tensor labels = workspace.keep(workspace.tensor(DataType.I32, Shape.of(size)));
        List<Step> steps = new ArrayList<>();
        ReadoutPass plain = addPass(steps, network, normalization, labels);
        addLoss(steps, plain, labels, PLAIN);
        if (config.testFlips()) {
            ReadoutPass both = addPass(steps, network, mirrored, labels);
            Operation mean = device.optimizer().combine(both.logits(), 0.5, plain.logits(), 0.5, both.logits(), null);
            steps.add(Step.main(Phase.FORWARD, mean, Step.READOUT));
            addLoss(steps, both, labels, FLIPPED);
        }
        if (current != null) {
            addLoss(steps, addPass(steps, current, normalization, labels), labels, CURRENT);
        }
        steps.add(Step.main(Phase.DATA, device.random().advance(clock, size)));
        Tensor logits = workspace.keep(plain.logits());
        return new Batch(device.compile(workspace, steps), labels, logits);
    }

    /** Adds the pass of a batch, prepared in this way, through a network. */
    private ReadoutPass addPass(List<Step> steps, Network through, BatchOps.Spec preparation, Tensor labels) {
        int size = labels.shape().extent(0);
        Tensor x = workspace.tensor(
                config.precision().activations(), config.network().input().prepend(size));
        steps.add(Step.main(
                Phase.DATA,
                device.batch().images(x, labels, images.pixels(), images.labels(), null, preparation, clock)));
        Inference inference = new Inference(through, x, workspace);
        steps.addAll(inference.steps());
        return inference.readout();
    }

    private void addLoss(List<Step> steps, ReadoutPass readout, Tensor labels, int place) {
        Meter meter = new Meter(totals, place, place + 1, clock);
        steps.add(Step.main(Phase.OBJECTIVE, readout.loss(labels, meter), Step.READOUT));
    }
}
