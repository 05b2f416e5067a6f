package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Work;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.TinyRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two devices that exchange what they know learn as one device with the whole batch does. */
final class ReferenceExchangeTest {
    private static final int IMAGES = 48;
    private static final int EPOCHS = 5;
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final ReadoutSpec ALL = new ReadoutSpec(16);
    private static final LabelSpec SMOOTHED = new LabelSpec(0.1, 0);

    /** Two runs of this process, each on a thread: what one has to add lies in a place of its own until both have read it. */
    private record Pair(int rank, double[][][] places, CyclicBarrier barrier, AtomicBoolean failed)
            implements Exchange {
        @Override
        public int size() {
            return 2;
        }

        @Override
        public Optional<Operation> sum(List<Tensor> tensors) {
            return Optional.of(new Operation("sum", tensors, tensors, Work.of(() -> add(tensors, 1))));
        }

        @Override
        public Optional<Operation> mean(List<Tensor> tensors) {
            return Optional.of(new Operation("mean", tensors, tensors, Work.of(() -> add(tensors, 0.5))));
        }

        private void add(List<Tensor> tensors, double factor) {
            places[rank] = tensors.stream().map(Tensor::readDoubles).toArray(double[][]::new);
            await();
            for (int i = 0; i < tensors.size(); i++) {
                double[] first = places[0][i];
                double[] second = places[1][i];
                tensors.get(i)
                        .write(IntStream.range(0, first.length)
                                .mapToDouble(k -> factor * (first[k] + second[k]))
                                .toArray());
            }
            await();
        }

        @Override
        public void abort() {
            failed.set(true);
            barrier.reset();
        }

        private void await() {
            if (failed.get()) {
                throw new IllegalStateException("the other run has failed");
            }
            try {
                barrier.await();
            } catch (InterruptedException | BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static NetworkSpec network(boolean batchNorm) {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.LEAKY_RELU)
                .withBatchNorm(batchNorm)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2));
        return NetworkSpec.vgg(IMAGE, new int[] {8}, java.util.Set.of(0), 16, 4, style);
    }

    private static TrainingConfig config(Rule rule, int batch, boolean batchNorm) {
        return config(rule, batch, network(batchNorm));
    }

    private static TrainingConfig config(Rule rule, int batch, NetworkSpec network) {
        TrainingConfig config = TinyRun.config(rule, network, EPOCHS, batch, 0.01);
        return new TrainingConfig(
                config.network(),
                rule,
                config.local(),
                config.readout(),
                config.schedule(),
                EPOCHS,
                batch,
                config.precision(),
                7,
                false);
    }

    /** What a run comes to: its weights, and its last losses. */
    private record Outcome(List<double[]> weights, EpochResult last) {}

    private static Outcome train(Dataset dataset, TrainingConfig config, Exchange exchange) {
        try (Device device = Devices.open("reference", 1).device();
                Trainer trainer = new Trainer(device, dataset, config, exchange)) {
            EpochResult last = null;
            while (!trainer.isFinished()) {
                last = trainer.trainEpoch(StepListener.NONE);
            }
            assertThat(last).isNotNull();
            return new Outcome(
                    trainer.network().parameters().stream()
                            .map(Parameter::value)
                            .map(Tensor::readDoubles)
                            .toList(),
                    last);
        }
    }

    private static Dataset part(Dataset whole, int rank) {
        ImageSet half = whole.train()
                .select(
                        "half",
                        IntStream.range(rank * IMAGES / 2, (rank + 1) * IMAGES / 2)
                                .toArray());
        return new Dataset("half", half, whole.test(), whole.mean(), whole.deviation(), 0, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"phsic", "cells", "backprop", "phsic, readout of all layers, smoothed labels"})
    void twoDevicesLearnAsOne(String name) throws InterruptedException, ExecutionException {
        Rule rule = switch (name) {
            case "cells" -> TinyRun.cells();
            case "backprop" -> new BackpropRule();
            default -> TinyRun.phsic();
        };
        TrainingConfig config = name.endsWith("smoothed labels")
                ? config(rule, IMAGES, network(false).withReadout(ALL)).withLabels(SMOOTHED)
                : config(rule, IMAGES, false);
        Dataset whole = TinyRun.dataset(IMAGE, IMAGES, 8);
        Outcome one = train(whole, config, Exchange.NONE);
        for (Outcome outcome : onTwo(whole, config.withBatch(IMAGES / 2))) {
            for (int i = 0; i < one.weights().size(); i++) {
                assertThat(outcome.weights().get(i))
                        .containsExactly(one.weights().get(i), within(1e-9));
            }
            assertThat(outcome.last().readoutLoss()).isCloseTo(one.last().readoutLoss(), within(1e-9));
            assertThat(outcome.last().accuracy()).isEqualTo(one.last().accuracy());
            for (int i = 0; i < one.last().localLosses().size(); i++) {
                assertThat(outcome.last().localLosses().get(i))
                        .isCloseTo(one.last().localLosses().get(i), within(1e-9));
            }
        }
    }

    /** Each mixes its own part of a batch, and both learn the same of it. */
    @Test
    void twoDevicesMixTheirParts() throws InterruptedException, ExecutionException {
        TrainingConfig config = config(TinyRun.phsic(), IMAGES / 2, false).withLabels(new LabelSpec(0, 0.4));
        List<Outcome> outcomes = onTwo(TinyRun.dataset(IMAGE, IMAGES, 8), config);
        for (int i = 0; i < outcomes.get(0).weights().size(); i++) {
            assertThat(outcomes.get(1).weights().get(i))
                    .isEqualTo(outcomes.get(0).weights().get(i));
        }
        assertThat(outcomes.get(1).last().readoutLoss())
                .isEqualTo(outcomes.get(0).last().readoutLoss());
    }

    /** Trains on two devices that learn as one, half of the images on each. */
    private static List<Outcome> onTwo(Dataset whole, TrainingConfig config)
            throws InterruptedException, ExecutionException {
        double[][][] places = new double[2][][];
        CyclicBarrier barrier = new CyclicBarrier(2);
        AtomicBoolean failed = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Outcome>> runs = new ArrayList<>();
            for (int rank = 0; rank < 2; rank++) {
                Exchange exchange = new Pair(rank, places, barrier, failed);
                Dataset part = part(whole, rank);
                runs.add(threads.submit(() -> train(part, config, exchange)));
            }
            return List.of(runs.get(0).get(), runs.get(1).get());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void batchNormalizationOverDevicesIsRefused() {
        Exchange pair = new Pair(0, new double[2][][], new CyclicBarrier(1), new AtomicBoolean());
        assertThatThrownBy(() -> train(TinyRun.dataset(IMAGE, IMAGES, 8), config(TinyRun.phsic(), IMAGES, true), pair))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Batch normalization over the batches of 2 devices is not there");
    }

    /** Who says how similar the samples of one device are says nothing of one here and one there. */
    @Test
    void similaritiesOverDevicesAreRefused() {
        Exchange pair = new Pair(0, new double[2][][], new CyclicBarrier(1), new AtomicBoolean());
        for (Rule rule : TinyRun.withoutLabels().subList(0, 2)) {
            TrainingConfig config = config(rule, IMAGES, false).withViews(2);
            assertThatThrownBy(() -> train(TinyRun.dataset(IMAGE, IMAGES, 8), config, pair))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage(
                            "A similarity is given for the samples of one device, and says nothing of pairs of two; learn"
                                    + " on one device, or teach by labels or target vectors.");
        }
    }

    /** A run that fails does not leave the other waiting. */
    @Test
    void theOtherOfARunThatFailsFailsToo() throws InterruptedException {
        Dataset whole = TinyRun.dataset(IMAGE, IMAGES, 8);
        double[][][] places = new double[2][][];
        CyclicBarrier barrier = new CyclicBarrier(2);
        AtomicBoolean failed = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<EpochResult>> runs = new ArrayList<>();
            for (int rank = 0; rank < 2; rank++) {
                Exchange exchange = new Pair(rank, places, barrier, failed);
                boolean fails = rank == 1;
                Dataset part = part(whole, rank);
                runs.add(threads.submit(() -> {
                    try (Device device = Devices.open("reference", 1).device();
                            Trainer trainer =
                                    new Trainer(device, part, config(TinyRun.phsic(), IMAGES / 4, false), exchange)) {
                        return trainer.trainEpoch((epoch, step, steps) -> {
                            if (fails) {
                                throw new UnsupportedOperationException("planted");
                            }
                            return true;
                        });
                    }
                }));
            }
            assertThatThrownBy(runs.get(1)::get).hasRootCauseMessage("planted");
            assertThatThrownBy(runs.get(0)::get).hasCauseInstanceOf(IllegalStateException.class);
        } finally {
            threads.shutdownNow();
        }
    }
}
