package io.github.kib4j.bench.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.bench.Machine;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Spread;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.testkit.SpeedLimit;
import io.github.kib4j.testkit.StepOperations;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OperationsReportTest {
    private static final String CONVOLUTION = "convolution 128 to 256 at 32x32: forward/f32";
    private static final String SGD = "optimizer: SGD with momentum/f32";

    /** Two rounds, of which the second is twice as slow for everybody. */
    private static OperationResults results() {
        OperationResults results = new OperationResults(StepOperations.of(128), type -> type == DataType.F32);
        for (int slow = 1; slow <= 2; slow++) {
            results.add("memory/triad", slow * 3 * 4.0 * MemoryTask.NUMBERS / 20_000);
            results.add("memory/copy", slow * 2 * 4.0 * MemoryTask.NUMBERS / 10_000);
            results.add("kib/" + CONVOLUTION, slow * 200_000);
            results.add("onednn/" + CONVOLUTION, slow * 150_000);
            results.add("kib/" + SGD, slow * 20_000);
        }
        results.fail("kib/dropout alone/f32", "no such thing");
        return results;
    }

    @Test
    void boundsAreTheBareProductOrMemoryInTheSameRound() {
        OperationResults results = results();
        assertThat(results.bandwidths())
                .hasSize(2)
                .first()
                .satisfies(b -> assertThat(b).isCloseTo(20_000, within(1e-6)));
        OperationResults.Row convolution = results.measured().get(0);
        OperationResults.Row sgd = results.measured().get(1);
        assertThat(results.ofBound(convolution)).contains(new Spread(0.75, 0.75, 0.75));
        double bytes = ((SpeedLimit.Memory) sgd.operation().limit()).bytes().applyAsLong(DataType.F32);
        assertThat(results.ofBound(sgd).orElseThrow().median()).isCloseTo(bytes / 20_000 / 20_000, within(1e-9));
    }

    @Test
    void markdownAndJsonHoldTimesBoundsAndFailures() {
        Machine machine = new Machine("A processor", 2, "Linux", "Java", 0);
        OperationsReport report = new OperationsReport(
                results(), 2, 2, 500, new Output(machine, machine, "bench/operations", List.of("--rounds", "2")));
        assertThat(report.markdown())
                .contains("Command: `bench/operations --rounds 2`")
                .contains("Memory bandwidth (the faster of triad and copy): 15.0 (10.0 to 20.0) GB/s.")
                .contains(
                        "| convolution 128 to 256 at 32x32: forward | f32 | 300,000.0 (200,000.0 to 400,000.0) | 258 GFLOP/s"
                                + " | 225,000.0 (150,000.0 to 300,000.0) | 0.75 (0.75 to 0.75) | oneDNN |")
                .contains("Not measured: kib/dropout alone/f32: no such thing.");
        assertThat(report.json().at("/operations/0/of_the_bound/median").asDouble())
                .isEqualTo(0.75);
        assertThat(report.json().at("/operations/1/microseconds/1").asDouble()).isEqualTo(40_000);
    }
}
