package io.github.kib4j.bench.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.tensor.DataType;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OperationsTest {
    private static final int BATCH = 2;

    @Test
    void everyOperationAndItsBareProductsRun() {
        List<TimedOperation> operations = Operations.of(BATCH);
        for (TimedOperation operation : operations) {
            runs(Task.name("kib", operation, DataType.F32), operations);
            if (operation.bound() instanceof Bound.Products) {
                runs(Task.name("onednn", operation, DataType.F32), operations);
            }
        }
    }

    private static void runs(String name, List<TimedOperation> operations) {
        assertThatCode(() -> {
                    try (Task task = Task.open(name, operations, 1)) {
                        task.run();
                    }
                })
                .as(name)
                .doesNotThrowAnyException();
    }

    @Test
    void namesAreUnique() {
        assertThat(Operations.of(BATCH)).extracting(TimedOperation::name).doesNotHaveDuplicates();
    }

    @Test
    void unknownOperationsAreRefused() {
        assertThatThrownBy(() -> Task.open("kib/nothing/f32", Operations.of(BATCH), 1))
                .hasMessage("There is no operation 'nothing'.");
    }

    /** 2 x 128 x 256 x 9 x 32 x 32 operations an image. */
    @Test
    void operationsOfProductsAreCounted() {
        assertThat(((Bound.Products) named("convolution 128 to 256 at 32x32: forward")
                                .bound())
                        .operations())
                .isEqualTo(BATCH * 2L * 128 * 256 * 9 * 1024);
    }

    /** The VGG has 9.2 M weights: SGD reads three arrays and writes two; AdamW four and three. */
    @Test
    void bytesOfMemoryAreCounted() {
        long weights = 128 * 3 * 9 + 256 * 128 * 9 + 256 * 256 * 9 + 512 * 256 * 9 + 2 * 512 * 512 * 9 + 1024 * 2048;
        assertThat(bytes("optimizer: SGD with momentum", DataType.F32)).isEqualTo(20 * weights);
        assertThat(bytes("optimizer: AdamW", DataType.F32)).isEqualTo(28 * weights);
        assertThat(bytes("optimizer: AdamW", DataType.BF16)).isEqualTo(30 * weights);
    }

    private static long bytes(String name, DataType type) {
        return ((Bound.Memory) named(name).bound()).bytes().applyAsLong(type);
    }

    private static TimedOperation named(String name) {
        return Operations.of(BATCH).stream()
                .filter(operation -> operation.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void memoryTasksMoveTheirArraysOnAllThreads() {
        for (boolean triad : new boolean[] {true, false}) {
            try (MemoryTask task = new MemoryTask(triad, 1 << 12, 2)) {
                task.fill(5);
                task.clearResults();
                task.run();
                assertThat(task.results()).hasSize(1 << 12).containsOnly(triad ? 20f : 5f);
            }
        }
    }
}
