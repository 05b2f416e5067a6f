package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Precision;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list as a program, on the reference itself; what it finds is what {@link ParityTest} finds. */
final class CaseListTest {
    private record Ended(int status, String output) {}

    private static Ended run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int status = CaseList.run(List.of(arguments), new PrintStream(out, true, StandardCharsets.UTF_8));
        return new Ended(status, out.toString(StandardCharsets.UTF_8).strip());
    }

    private static long casesOf(String operation) {
        return OperationCases.all().stream()
                .filter(c -> c.operation().startsWith(operation))
                .count();
    }

    @Test
    void countsWhatPasses() {
        Ended ended = run("reference", "f32", "gram");
        assertThat(ended.status()).as(ended.output()).isZero();
        assertThat(ended.output())
                .contains("cases: " + casesOf("gram") + " passed, 0 failed")
                .endsWith("seed " + Parity.SEED)
                .doesNotContain("FAILED");
    }

    @Test
    void withoutAPrecisionItTakesBoth() {
        assertThat(run("reference", "random").output())
                .contains("cases: " + 2 * casesOf("random") + " passed, 0 failed");
    }

    @Test
    void aCaseThatFailsIsNamedAndTheOthersGoOn() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        OperationCase wrong = new OperationCase("gram.wrong", "planted", 1, setup -> {
            throw new IllegalStateException("planted");
        });
        OperationCase right = OperationCases.all().get(0);
        int status = CaseList.run(
                "reference",
                List.of(Precision.F32),
                List.of(wrong, right),
                new PrintStream(out, true, StandardCharsets.UTF_8));
        assertThat(status).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains(
                        "FAILED f32 gram.wrong: planted: java.lang.IllegalStateException: planted",
                        "cases: 1 passed, 1 failed");
    }

    @Test
    void afterACaseThatLosesTheDeviceNoneIsRun() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int[] runs = {0};
        OperationCase losing = new OperationCase("gram.losing", "planted", 1, setup -> {
            if (++runs[0] == 2) { // the first is the reference's
                setup.device().close();
                throw new IllegalStateException("planted");
            }
        });
        OperationCase right = OperationCases.all().get(0);
        int status = CaseList.run(
                "reference",
                List.of(Precision.F32, Precision.BF16),
                List.of(losing, right),
                new PrintStream(out, true, StandardCharsets.UTF_8));
        assertThat(status).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains(
                        "The device is lost, and the cases behind that one are not run (", "cases: 0 passed, 1 failed");
    }

    @Test
    void wrongNamesAreASentence() {
        Ended device = run("gpu");
        assertThat(device.status()).isEqualTo(2);
        assertThat(device.output())
                .startsWith("cases: There is no device 'gpu'")
                .doesNotContain("\n");
        Ended operation = run("reference", "gramm");
        assertThat(operation.status()).isEqualTo(2);
        assertThat(operation.output()).startsWith("cases: There is no operation 'gramm'");
    }
}
