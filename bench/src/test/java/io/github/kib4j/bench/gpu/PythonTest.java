package io.github.kib4j.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests of {@code bench/gpu} that are written in Python, as its programs are. */
final class PythonTest {
    @Test
    void thePythonTestsPass() throws IOException, InterruptedException {
        Python.Ended tests = Python.run(
                Map.of("PYTHONPATH", Python.GPU.toString()),
                List.of(
                        "-m",
                        "unittest",
                        "discover",
                        "-s",
                        Python.GPU.resolve("test").toString()));
        assertThat(tests.output()).endsWith("OK");
        assertThat(tests.status()).isZero();
        Matcher ran = Pattern.compile("Ran (\\d+) tests").matcher(tests.output());
        assertThat(ran.find()).isTrue();
        assertThat(Integer.parseInt(ran.group(1))).isGreaterThanOrEqualTo(56);
    }
}
