package io.github.kib4j.train;

import io.github.kib4j.layer.LayerPass;
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
    /** Images at once where training has one. */
    private static final int ONLINE = 128;

    private final Device device;
    private final Network network;
    private final Workspace workspace;
    private final DeviceDataset.Images images;
    private final TrainingConfig config;
    private final int batch;
    private final BatchOps.Spec normalization;
    private final Clock clock;
    private final Tensor totals;
    private final Map<Integer, Batch> batches = new HashMap<>();

    /** A compiled batch: its labels {@code [B]}, and the logits {@code [B, M]} until another program runs. */
    private record Batch(Program program, Tensor labels, Tensor logits) {}

    Evaluator(
            Device device,
            Scope scope,
            Network network,
            Workspace workspace,
            DeviceDataset dataset,
            TrainingConfig config) {
        this.device = device;
        this.network = network;
        this.workspace = workspace;
        this.config = config;
        batch = config.batch() == 1 ? ONLINE : config.batch();
        images = dataset.test();
        normalization = dataset.preparation(false, config.seed());
        clock = Clock.allocate(scope);
        totals = scope.allocate(DataType.F64, Shape.of(2));
    }

    /** Returns the accuracy after a step; null if the listener stopped it. */
    @Nullable
    Evaluation run(long step, EvaluationListener listener, Predictions predictions) {
        clock.now().write(new long[Clock.SIZE]);
        clock.fault().write(new long[2]);
        totals.write(new double[2]);
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
        double[] result = totals.readDoubles();
        if (!Double.isFinite(result[0])) {
            throw TrainingDivergedException.evaluation(step, result[0]);
        }
        return new Evaluation(images.count(), result[0] / images.count(), 100 * result[1] / images.count());
    }

    /** Compiles every batch there will be. */
    void compileAll() {
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
        Tensor x = workspace.tensor(
                config.precision().activations(), config.network().input().prepend(size));
        Tensor labels = workspace.keep(workspace.tensor(DataType.I32, Shape.of(size)));
        List<Step> steps = new ArrayList<>();
        steps.add(Step.main(
                Phase.DATA,
                device.batch().images(x, labels, images.pixels(), images.labels(), null, normalization, clock)));
        List<LayerPass> passes = network.passes(x, workspace, LayerPass.Use.INFERENCE, null);
        ReadoutPass readout = network.readoutPass(passes, workspace);
        for (int i = 0; i < passes.size(); i++) {
            for (Operation operation : passes.get(i).forward()) {
                steps.add(Step.main(Phase.FORWARD, operation, Step.layer(i)));
            }
            for (Operation operation : readout.forward(i)) {
                steps.add(Step.main(Phase.FORWARD, operation, Step.READOUT));
            }
        }
        steps.add(Step.main(Phase.OBJECTIVE, readout.loss(labels, new Meter(totals, 0, 1, clock)), Step.READOUT));
        steps.add(Step.main(Phase.DATA, device.random().advance(clock, size)));
        Tensor logits = workspace.keep(readout.logits());
        return new Batch(device.compile(workspace, steps), labels, logits);
    }
}
