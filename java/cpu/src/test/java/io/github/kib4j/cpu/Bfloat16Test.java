package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** bfloat16 products are the same with the processor's instructions for them and without: each set in a process of its own. */
final class Bfloat16Test {
    @ParameterizedTest
    @ValueSource(strings = {"DEFAULT", "AVX2", "AVX512_CORE"})
    void productsAreThoseOfAProcessorWithInstructionsForThem(String instructions) throws Exception {
        List<String> lines = check(instructions);
        String set = lines.get(0);
        assumeFalse(set.startsWith("avx2_vnni_2"), "oneDNN converts there, and keeps subnormal numbers");
        if (instructions.equals("AVX2")) {
            assertThat(set).isEqualTo("avx2");
        }
        assertThat(lines.subList(1, lines.size())).as("on " + set).isEmpty();
    }

    private static List<String> check(String instructions) throws IOException, InterruptedException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                Bfloat16Check.class.getName());
        builder.environment().put("ONEDNN_MAX_CPU_ISA", instructions);
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().toList();
    }
}
