package io.github.kib4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
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
            Signature network = state.identity().settings().part("network");
            assertThat(NetworkSpec.of(network).signature()).isEqualTo(network);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).doesNotContain("Exception");
        }
    }

    @Test
    void randomVariants() {
        LayerSpec style = LayerSpec.linear(1).withBatchNorm(true).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        NetworkSpec network = NetworkSpec.vgg(Shape.of(2, 8, 8), new int[] {8}, Set.of(0), 12, 4, style)
                .withReadout(new ReadoutSpec(16));
        List<byte[]> states = Stream.of(
                        Signature.of("phsic").with("batch", 128).with("network.input", "1 x \"a\""),
                        Signature.EMPTY.with("network", network.signature()))
                .map(CheckpointFuzzTest::text)
                .toList();
        assertThat(Mutations.read(states, MILLISECONDS, this::state)).isPositive();
    }

    private static byte[] text(Signature settings) {
        return new CheckpointState(
                        CheckpointState.FORMAT,
                        new Identity(
                                settings,
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
    }

    /** Networks' settings whose checksum is right, which a change of bytes hardly is: any values of any keys. */
    @Test
    void randomNetworks() {
        LayerSpec style = LayerSpec.linear(1).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        Signature whole =
                NetworkSpec.mlp(Shape.of(2, 8, 8), List.of(8, 12), 4, style).signature();
        List<String> values = List.of(
                "", "0", "-1", "1", "7", "2147483647", "1e9", "NaN", "true", "SELU", "MAX", "2 x 2 x 2", "4 x 4", "x");
        for (String key : whole.entries().keySet()) {
            for (String value : values) {
                state(text(Signature.EMPTY.with("network", whole.with(key, value))));
            }
        }
    }
}
