package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.tensor.DataType;
import org.junit.jupiter.api.Test;

final class StepOperationsTest {
    private static final int BATCH = 2;

    @Test
    void namesAreUnique() {
        assertThat(StepOperations.of(BATCH)).extracting(TimedOperation::name).doesNotHaveDuplicates();
    }

    /** 2 x 128 x 256 x 9 x 32 x 32 operations an image. */
    @Test
    void operationsOfProductsAreCounted() {
        assertThat(((SpeedLimit.Products) named("convolution 128 to 256 at 32x32: forward")
                                .limit())
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
        return ((SpeedLimit.Memory) named(name).limit()).bytes().applyAsLong(type);
    }

    private static TimedOperation named(String name) {
        return StepOperations.of(BATCH).stream()
                .filter(operation -> operation.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
