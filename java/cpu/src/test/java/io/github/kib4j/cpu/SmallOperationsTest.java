package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How many threads operations run on. */
final class SmallOperationsTest {
    /** A short name: Linux keeps 15 characters. */
    private static final String NAME = "kib-few-rows";

    /** All threads for large products, one for the many small operations of a batch of a few rows. */
    @Test
    void aBatchOfAFewRowsRunsOnOneThread() throws Exception {
        onThreadOfItsOwn(() -> {
            try (Device device = Devices.open("cpu", 5).device()) {
                try (Trainer trainer =
                        new Trainer(device, TinyRun.dataset(12, 4), TinyRun.config(TinyRun.phsic(), 1, 4, 0.01))) {
                    trainer.trainEpoch(StepListener.NONE);
                    trainer.evaluate();
                    assertThat(threads()).isOne();
                }
                multiply(device, 1, 1000);
                assertThat(threads()).as("1 x 1000 x 1000").isOne();
                multiply(device, 2, 1000);
                assertThat(threads()).as("2 x 1000 x 1000").isEqualTo(5);
            }
        });
    }

    private static void multiply(Device device, int batch, int size) {
        try (Scope scope = device.newScope("test")) {
            device.run(device.product()
                    .forward(
                            scope.allocate(DataType.F32, Shape.of(batch, size)),
                            scope.allocate(DataType.F32, Shape.of(batch, size)),
                            scope.allocate(DataType.F32, Shape.of(size, size)),
                            null,
                            Geometry.LINEAR));
        }
    }

    /** Returns how many of this process's threads have this thread's name: OpenMP's have that of the thread that started them. */
    private static long threads() {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(task -> name(task).equals(NAME)).count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (IOException e) {
            return "has ended";
        }
    }

    private static void onThreadOfItsOwn(Runnable work) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(work, NAME);
        thread.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        thread.start();
        thread.join();
        assertThat(failure.get()).isNull();
    }
}
