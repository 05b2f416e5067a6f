package io.github.kib4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever a checkpoint's state holds, it is read, or refused in words. */
final class CheckpointFuzzTest {
    private static final int MILLISECONDS = 1500;

    @FuzzTest(maxDuration = "3m")
    void state(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        try {
            CheckpointState state = CheckpointState.parse(text);
            if (state.format() == CheckpointState.FORMAT) {
                assertThat(CheckpointState.parse(state.text()).text()).isEqualTo(state.text());
            }
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).doesNotContain("Exception");
        }
    }

    @Test
    void randomVariants() {
        byte[] state = new CheckpointState(
                        CheckpointState.FORMAT,
                        new Identity(
                                Signature.of("phsic").with("batch", 128).with("network.input", "1 x \"a\""),
                                "00ff",
                                List.of("cat", "a \"dog\""),
                                new Input(Shape.of(2, 1, 3), DataType.F32, List.of(0.5, -1e-3), List.of(1e9, 0.25))),
                        new Progress(1, 20, 3, 1.5, new double[] {2e-3, 4}),
                        "weights-1.safetensors",
                        "averaged-1.safetensors",
                        "optimizer-1.safetensors",
                        "kib4j 1 on cpu: 2 threads")
                .text()
                .getBytes(StandardCharsets.UTF_8);
        assertThat(Mutations.read(List.of(state), MILLISECONDS, this::state)).isPositive();
    }
}
