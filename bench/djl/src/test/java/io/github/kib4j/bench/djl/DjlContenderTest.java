package io.github.kib4j.bench.djl;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.op.Precision;
import org.junit.jupiter.api.Test;

final class DjlContenderTest {
    @Test
    void bfloat16IsRefusedBeforeTheEngineIsLoaded() {
        Workload workload = new Workload("mlp", "backprop", Precision.BF16);
        assertThatThrownBy(() -> new DjlContender().open(workload, 1, 1))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageStartingWith("DJL 0.")
                .hasMessageContaining("makes no arrays of bfloat16");
    }
}
