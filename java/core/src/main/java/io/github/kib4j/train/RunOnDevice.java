package io.github.kib4j.train;

import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.rule.BoundRule;
import io.github.kib4j.rule.Optimizers;
import io.github.kib4j.rule.StepContext;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a training run has on its device, and the programs of its steps: one for each size of batch. */
final class RunOnDevice {
    private final Device device;
    private final TrainingConfig config;
    private final DeviceDataset.Images images;
    /** Of an epoch. */
    private final int samples;

    private final Exchange exchange;
    private final Network network;
    private final @Nullable Network averaged;
    private final Optimizers optimizers;
    private final BoundRule rule;
    private final Clock clock;
    private final Tensor sums;
    private final Tensor order;
    private final Workspace workspace;
    private final BatchOps.Spec augmentation;
    private final BatchOps.Spec plain;
    private final @Nullable Mixup mixup;
    private final @Nullable Tensor weights;
    private final Map<Integer, Program> programs = new HashMap<>();

    /** Allocates a run, on a dry scope one that can be measured; refuses a network that does not fit the data set. */
    RunOnDevice(Device device, Scope scope, DeviceDataset dataset, TrainingConfig config, Exchange exchange) {
        checkFit(dataset, config);
        this.device = device;
        this.config = config;
        this.exchange = exchange;
        images = dataset.train();
        samples = config.samples(images.count());
        clock = Clock.allocate(scope);
        network = new Network(device, scope, config.network(), config.precision(), config.seed());
        averaged = config.weightAverage() > 0
                ? new Network(device, scope, config.network(), config.precision(), config.seed())
                : null;
        optimizers = new Optimizers(
                new Optimizer(device, scope, config.local(), clock, steps()),
                new Optimizer(device, scope, config.readout(), clock, steps()));
        rule = config.rule().bind(network, optimizers, scope, trainingSet(dataset));
        sums = scope.allocate(DataType.F64, Shape.of(network.hidden().size() + 2));
        order = scope.allocate(DataType.I32, Shape.of(samples));
        workspace = device.newWorkspace(scope);
        augmentation = dataset.preparation(config.augment(), config.seed());
        plain = dataset.preparation(false, config.seed());
        mixup = mixup(scope, steps());
        weights = weights(scope, dataset);
    }

    /** Returns what mixes the images of so many steps; null where they are not mixed. */
    private @Nullable Mixup mixup(Scope scope, int steps) {
        LabelSpec labels = config.labels();
        return labels.mixes()
                ? new Mixup(
                        device,
                        scope,
                        labels.mixup(),
                        config.seed(),
                        config.network().outputs(),
                        steps)
                : null;
    }

    /** Returns the weights of classes; null where there are none. */
    private @Nullable Tensor weights(Scope scope, DeviceDataset dataset) {
        ClassWeights wanted = config.labels().weights();
        if (wanted.isNone()) {
            return null;
        }
        Tensor all = scope.allocate(DataType.F32, Shape.of(dataset.classes()));
        if (!all.owner().isDry()) {
            all.write(wanted.of(dataset));
        }
        return all;
    }

    private TrainingSet trainingSet(DeviceDataset dataset) {
        return new TrainingSet(
                dataset.image(),
                images.count(),
                config.views(),
                Math.min(config.batch(), samples),
                dataset::trainValues,
                () -> labels(dataset),
                dataset.isLabelled());
    }

    private static int[] labels(DeviceDataset dataset) {
        if (!dataset.isLabelled()) {
            throw new RefusedException("The teaching signal reads labels, which " + dataset.name()
                    + " does not have; give it labels, or another signal.");
        }
        return dataset.train().labels().readInts();
    }

    private static void checkFit(DeviceDataset dataset, TrainingConfig config) {
        if (!dataset.image().equals(config.network().input())) {
            throw new RefusedException("The network reads images of "
                    + config.network().input() + ", but those of " + dataset.name() + " are " + dataset.image() + ".");
        }
        if (!dataset.isLabelled() && config.rule().needsLabels()) {
            throw new RefusedException("The rule " + config.rule().name() + " learns from labels, which "
                    + dataset.name() + " does not have; give it labels, or a teaching signal that needs none.");
        }
        if (dataset.isLabelled() && config.network().outputs() != dataset.classes()) {
            throw new RefusedException("The network has " + config.network().outputs() + " outputs, but "
                    + dataset.name() + " has " + dataset.classes() + " classes.");
        }
        config.labels().weights().require(dataset.classes());
        if (dataset.trainCount() < 2) {
            throw new RefusedException(
                    "Training needs at least 2 images, but " + dataset.name() + " has " + dataset.trainCount() + ".");
        }
        if (dataset.trainCount() > Integer.MAX_VALUE / config.views()) {
            throw new RefusedException(config.views() + " views of " + dataset.trainCount()
                    + " images are more samples than an epoch can have; take fewer views.");
        }
    }

    Network network() {
        return network;
    }

    /** Returns the network of averaged weights; null where there is none. */
    @Nullable
    Network averaged() {
        return averaged;
    }

    /** Returns what evaluates the run. */
    Evaluator evaluator(Scope scope, DeviceDataset dataset) {
        return averaged == null
                ? new Evaluator(device, scope, network, null, workspace, dataset, config)
                : new Evaluator(device, scope, averaged, network, workspace, dataset, config);
    }

    Optimizers optimizers() {
        return optimizers;
    }

    BoundRule rule() {
        return rule;
    }

    Clock clock() {
        return clock;
    }

    /** Returns the sums of losses and correct answers of the epoch, as they are on the device. */
    Tensor sums() {
        return sums;
    }

    Workspace workspace() {
        return workspace;
    }

    /** Returns the steps of an epoch: a last batch of fewer samples than the rule learns from is skipped. */
    int steps() {
        int whole = samples / config.batch();
        return samples % config.batch() >= config.rule().leastBatch() ? whole + 1 : whole;
    }

    /** Returns the multiplications and additions of an epoch's products. */
    double operations() {
        int whole = samples / config.batch();
        int rest = samples % config.batch();
        double last = rest >= config.rule().leastBatch() ? program(rest).plan().operations() : 0;
        return last
                + (whole > 0 ? (double) whole * program(config.batch()).plan().operations() : 0);
    }

    /** Returns the schedule's factor of the learning rate in a step. */
    double factor(long step) {
        return config.schedule().factor(step, steps(), config.epochs());
    }

    /** Tells the device which samples come next, and at which rates they are learned. */
    void startEpoch(int epoch, long step, int position) {
        order(epoch);
        int done = (position + config.batch() - 1) / config.batch();
        double[] factors = new double[steps()];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = factor(step - done + i);
        }
        optimizers.local().setFactors(factors);
        optimizers.readout().setFactors(factors);
        if (mixup != null) {
            mixup.startEpoch(step - done);
        }
        clock.now().write(new long[] {step, epoch, position, done});
    }

    /** Tells the device the order of an epoch's samples, and the rule too, which may have tables of them. */
    void order(int epoch) {
        int[] sequence = Order.ofEpoch(images.count(), config.views(), config.seed(), epoch);
        order.write(sequence);
        rule.startEpoch(sequence);
    }

    /** Returns what compares gradients of the epoch's first images, with memory of its own. */
    Alignment alignment(Scope scope, int batch) {
        DataType type = config.precision().activations();
        Mixup apart = mixup(scope, 1);
        if (apart != null) {
            apart.keepApart();
        }
        return new Alignment(
                device,
                scope,
                network,
                images,
                order,
                plain,
                type,
                batch,
                config.labels().smoothing(),
                weights,
                apart);
    }

    /** Returns the program of a training step. */
    Program program(int batch) {
        return programs.computeIfAbsent(batch, this::compile);
    }

    private Program compile(int batch) {
        Tensor x = workspace.tensor(
                config.precision().activations(), config.network().input().prepend(batch));
        Tensor labels = workspace.tensor(DataType.I32, Shape.of(batch));
        List<Step> steps = new ArrayList<>();
        steps.add(Step.main(
                Phase.DATA,
                device.batch().images(x, labels, images.pixels(), images.labels(), order, augmentation, clock)));
        Tensor wanted = mixup == null ? labels : mixup.plan(workspace, steps, x, labels, clock);
        steps.addAll(rule.plan(new StepContext(
                workspace,
                new Gradients(workspace),
                x,
                wanted,
                config.labels().smoothing(),
                weights,
                order,
                clock,
                sums,
                exchange)));
        if (averaged != null) {
            steps.add(Step.main(
                    Phase.OPTIMIZER, device.optimizer().average(averages(averaged), config.weightAverage(), clock)));
        }
        steps.add(Step.main(Phase.DATA, device.random().advance(clock, batch)));
        return device.compile(workspace, steps);
    }

    private List<OptimizerOps.Averaged> averages(Network of) {
        List<Tensor> values = network.tensors().values().stream().toList();
        List<Tensor> means = of.tensors().values().stream().toList();
        return IntStream.range(0, values.size())
                .mapToObj(i -> new OptimizerOps.Averaged(means.get(i), values.get(i)))
                .toList();
    }

    /** Compiles every step there will be, so that the workspace is as large as the run needs. */
    void compileAll() {
        int remainder = samples % config.batch();
        if (samples >= config.batch()) {
            program(config.batch());
        }
        if (remainder >= config.rule().leastBatch()) {
            program(remainder);
        }
    }
}
