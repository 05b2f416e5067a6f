package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.cases.TinyRun;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.GradientHook;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Operations beside each other, and layers that learn beside the next one's forward pass. */
final class CpuLanesTest {
    @Test
    void bothRunAtTheSameTime() {
        try (Device device = Devices.open("cpu", 2).device()) {
            assertThat(device.lanes().first()).isNotSameAs(device.lanes().second());
            CountDownLatch met = new CountDownLatch(2);
            Set<String> threads = ConcurrentHashMap.newKeySet();
            Operation meet = () -> {
                met.countDown();
                try {
                    assertThat(met.await(20, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                threads.add(Thread.currentThread().getName());
            };
            device.beside(meet, meet).run();
            assertThat(threads).hasSize(2);
        }
    }

    @Test
    void aFailureOnEitherLaneIsTheCallersAndTheOtherEndsFirst() {
        try (Device device = Devices.open("cpu", 2).device()) {
            device.lanes();
            Operation fails = () -> {
                throw new IllegalArgumentException("no");
            };
            for (boolean first : new boolean[] {true, false}) {
                AtomicBoolean ended = new AtomicBoolean();
                Operation slow = () -> {
                    try {
                        Thread.sleep(50);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    ended.set(true);
                };
                Operation both = first ? device.beside(fails, slow) : device.beside(slow, fails);
                assertThatThrownBy(both::run).isInstanceOf(IllegalArgumentException.class);
                assertThat(ended).isTrue();
            }
        }
    }

    @Test
    void oneThreadHasNoLanes() {
        try (Device device = Devices.open("cpu", 1).device()) {
            assertThat(device.lanes().first()).isSameAs(device);
            assertThat(device.lanes().second()).isSameAs(device);
        }
    }

    /** A hook that does nothing keeps learning on the calling thread: there, nothing overlaps. */
    @Test
    void overlappingTrainsAsInTurn() {
        for (Precision precision : Precision.values()) {
            List<Double> overlapping = losses(precision, GradientHook.NONE);
            List<Double> inTurn = losses(precision, gradients -> Optional.of(() -> {}));
            assertThat(overlapping).hasSameSizeAs(inTurn);
            double tolerance = precision == Precision.F32 ? 1e-5 : 5e-3;
            for (int i = 0; i < inTurn.size(); i++) {
                assertThat(overlapping.get(i)).isCloseTo(inTurn.get(i), within(tolerance));
            }
        }
    }

    private static List<Double> losses(Precision precision, GradientHook hook) {
        try (Device device = Devices.open("cpu", 2).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(96, 16), config(precision), hook)) {
            List<Double> losses = new ArrayList<>();
            for (int epoch = 0; epoch < 2; epoch++) {
                losses.addAll(trainer.trainEpoch((e, step, steps) -> true).localLosses());
            }
            return losses;
        }
    }

    /** Four layers of different sizes, so that whoever takes another's memory too early is seen. */
    private static TrainingConfig config(Precision precision) {
        TrainingConfig tiny = TinyRun.config(TinyRun.phsic(), 2, 16, 1e-2);
        NetworkSpec network = NetworkSpec.mlp(
                tiny.network().input(),
                List.of(32, 48, 24, 40),
                tiny.network().outputs(),
                tiny.network().hidden().get(1));
        return new TrainingConfig(
                network,
                tiny.rule(),
                tiny.local(),
                tiny.readout(),
                tiny.schedule(),
                2,
                16,
                precision,
                tiny.seed(),
                true);
    }
}
