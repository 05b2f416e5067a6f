package io.github.kib4j.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.objective.Dependence;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

final class DevicesTest {
    @Test
    void anUnknownDeviceIsSaid() {
        assertThatThrownBy(() -> Devices.open("tpu", 1))
                .hasMessageContaining("no device 'tpu'")
                .hasMessageContaining("reference");
    }

    @Test
    void aSettingThatADeviceDoesNotHaveIsSaid() {
        assertThatThrownBy(() -> Devices.open("reference", 1, Map.of("graph", "on")))
                .hasMessage(
                        "The reference device has no setting 'graph'; it has none; leave it out, or open a device that has it.");
    }

    @Test
    void autoTakesTheBestUsableDevice() {
        Devices.Choice choice = Devices.open(Devices.AUTO, 1);
        assertThat(choice.device().name()).isEqualTo("reference");
        assertThat(choice.passedOver())
                .as("nothing else is there: that is said, with what to add")
                .containsExactly(
                        "There is no other backend on the class path; add io.github.kib4j:kib4j, which brings them.");
        choice.device().close();
    }

    @Test
    void aSlowChoiceIsLogged() {
        List<LogRecord> said = new ArrayList<>();
        Handler listener = new Handler() {
            @Override
            public void publish(LogRecord message) {
                said.add(message);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(Devices.class.getName());
        logger.addHandler(listener);
        try {
            Devices.open(Devices.AUTO, 1).device().close();
            Devices.open("reference", 1).device().close();
        } finally {
            logger.removeHandler(listener);
        }
        assertThat(said).as("who asks for it is not warned").hasSize(1);
        assertThat(said.get(0).getLevel()).isEqualTo(Level.WARNING);
        assertThat(new SimpleFormatter().formatMessage(said.get(0)))
                .isEqualTo(
                        "The device is 'reference', plain Java in double precision, many times slower than the others."
                                + " There is no other backend on the class path; add io.github.kib4j:kib4j, which brings them.");
    }

    @Test
    void twoThreadsAtATimeAndUseAfterClosingAreNoticed() throws InterruptedException {
        UseGuard guard = new UseGuard("cpu");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        Thread other = new Thread(
                () -> guard.run(() -> {
                    inside.countDown();
                    await(leave);
                }),
                "other");
        other.start();
        inside.await();
        assertThatThrownBy(() -> guard.run(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'other'");
        assertThatThrownBy(guard::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be closed while thread 'other' uses it");
        leave.countDown();
        other.join();
        guard.run(() -> {});
        assertThat(guard.close()).isTrue();
        assertThat(guard.close()).isFalse();
        assertThatThrownBy(() -> guard.run(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Device 'cpu' is closed; use it before its close(), or open another.");
        assertThatThrownBy(guard::checkOpen).hasMessageContaining("is closed");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Equal variables are as dependent as can be; a constant one depends on nothing. */
    @Test
    void dependenceInFiveLines() {
        float[][] x = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
        float[][] constant = {{1}, {1}, {1}, {1}};
        try (Device device = Devices.open("reference", 1).device()) {
            // K = (1, 0, -1, 0; ...): H K H = K, tr(K K) / 16 = 8 / 16
            assertThat(Dependence.of(device, x, Kernel.LINEAR, x, Kernel.LINEAR, Estimator.HSIC))
                    .isEqualTo(0.5);
            assertThat(Dependence.of(device, x, Kernel.gaussian(1), constant, Kernel.LINEAR, Estimator.PHSIC))
                    .isLessThan(1e-15);
            assertThatThrownBy(() ->
                            Dependence.of(device, x, Kernel.LINEAR, new float[3][1], Kernel.LINEAR, Estimator.HSIC))
                    .hasMessageContaining("paired");
        }
    }

    @Test
    void shapesThatDoNotFitAreSaid() {
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            Tensor x = scope.allocate(DataType.F32, Shape.of(2, 3));
            Tensor w = scope.allocate(DataType.F32, Shape.of(4, 5));
            Tensor y = scope.allocate(DataType.F32, Shape.of(2, 4));
            assertThatThrownBy(() -> device.product().forward(y, x, w, null, Geometry.LINEAR))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("linear.forward: w must have rows of 3 like x, but is 4 x 5.");
            assertThatThrownBy(() -> device.objective()
                            .gradient(
                                    x,
                                    scope.allocate(DataType.F64, Shape.of(3)),
                                    x,
                                    new Teaching.Similarity(scope.allocate(DataType.F32, Shape.of(2, 2))),
                                    new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2),
                                    ObjectiveOps.Form.GRAM_FREE,
                                    null))
                    .hasMessageContaining("given similarity");
        }
    }
}
