package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A cuDNN gives gradients in single precision of bfloat16 images, or it does not: it is asked, and taken at its word. */
@ExtendWith(EmulatedDevice.class)
class MixedGradientTest {
    private static List<String> plans(Map<String, String> environment) throws IOException, InterruptedException {
        List<String> options = List.of(
                "-Dorg.bytedeco.javacpp.platform.linkpath="
                        + System.getProperty("org.bytedeco.javacpp.platform.linkpath"),
                "-Dkib4j.emulator=" + System.getProperty("kib4j.emulator"));
        ChildJava.Said said = ChildJava.run(MixedGradientProbe.class, environment, options);
        assertThat(said.code()).as(said.text()).isZero();
        return said.text().lines().toList();
    }

    @Test
    void oneTypeOnly() throws IOException, InterruptedException {
        assertThat(plans(Map.of()))
                .containsExactly(
                        "cudnn algorithm 1, rounded to BF16: rounded", "padded algorithm 1, rounded to BF16: rounded");
    }

    @Test
    void singlePrecisionOfBfloat16() throws IOException, InterruptedException {
        assertThat(plans(Map.of("KIB_EMULATOR_CUDNN_MIXED", "1")))
                .containsExactly(
                        "cudnn algorithm 1: exact",
                        "cudnn algorithm 1, rounded to BF16: rounded",
                        "padded algorithm 1: exact",
                        "padded algorithm 1, rounded to BF16: rounded");
    }
}
