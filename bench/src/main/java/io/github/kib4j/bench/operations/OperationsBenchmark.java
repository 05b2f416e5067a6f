package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.Machine;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Program;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.testkit.StepOperations;
import io.github.kib4j.testkit.TimedOperation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Single operations by JMH, each right before its bound, in several rounds. */
@Command(
        name = "bench/operations",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times kib4j's operations by JMH, each beside its bound: oneDNN's bare primitive, or memory bandwidth."
                        + " Prints Markdown.")
public final class OperationsBenchmark implements Callable<Integer> {
    @Option(names = "--only", description = "operations whose name contains this; default: all", defaultValue = "")
    private String only = "";

    @Option(names = "--precisions", split = ",", defaultValue = "f32,bf16", description = "default: f32,bf16")
    private List<String> precisions = List.of();

    @Option(names = "--rounds", defaultValue = "3", description = "JMH forks of each task; default: 3")
    private int rounds;

    @Option(
            names = "--milliseconds",
            defaultValue = "500",
            description = "of each of a fork's 3 timed iterations, and of the one that warms up; default: 500")
    private int milliseconds;

    @Option(names = "--out", description = "writes FILE.md and FILE.json too", paramLabel = "FILE")
    private @Nullable Path out;

    @Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    /**
     * Runs the benchmark.
     *
     * @param args the words after the program's name
     */
    public static void main(String[] args) {
        System.exit(Program.run(new OperationsBenchmark(), new PrintWriter(System.err, true), args));
    }

    @Override
    public Integer call() throws IOException {
        check(rounds >= 1, "--rounds must be at least 1.");
        check(milliseconds >= 1, "--milliseconds must be at least 1.");
        check(List.of("f32", "bf16").containsAll(precisions), "--precisions are f32 and bf16.");
        List<TimedOperation> operations = StepOperations.of(OperationBenchmark.BATCH).stream()
                .filter(operation -> operation.name().contains(only))
                .toList();
        check(!operations.isEmpty(), "No operation's name contains '" + only + "'.");
        check(threads() >= 1, "OMP_NUM_THREADS must be a whole number, at least 1, or not be set.");
        Program.checkOut(spec, out);
        OperationResults results = new OperationResults(operations, this::isWanted);
        Machine before = Machine.read();
        for (int round = 1; round <= rounds; round++) {
            for (String task : results.tasks()) {
                measure(results, task, round);
            }
        }
        Output output = new Output(before, Machine.read(), "bench/operations", Program.arguments(spec));
        OperationsReport report = new OperationsReport(results, threads(), rounds, milliseconds, output);
        output.write(report.markdown(), report.json(), out);
        return results.failures().isEmpty() ? 0 : 1;
    }

    private boolean isWanted(DataType type) {
        return precisions.contains(type.name().toLowerCase(Locale.ROOT));
    }

    private void check(boolean holds, String sentence) {
        Program.check(spec, holds, sentence);
    }

    /** OpenMP's own variable, which a fork inherits, else all processors; 0 where the variable is no number. */
    static int threads() {
        String threads = System.getenv("OMP_NUM_THREADS");
        if (threads == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        return threads.matches("[0-9]{1,6}") ? Integer.parseInt(threads) : 0;
    }

    private void measure(OperationResults results, String task, int round) {
        if (results.failures().containsKey(task)) {
            return;
        }
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.err.printf("round %d of %d: %s", round, rounds, task);
        try (PrintStream stream = new PrintStream(log, true, StandardCharsets.UTF_8)) {
            Collection<RunResult> run = new Runner(
                            options(task), OutputFormatFactory.createFormatInstance(stream, VerboseMode.NORMAL))
                    .run();
            if (run.isEmpty()) {
                throw new RunnerException("JMH has no result");
            }
            double microseconds =
                    run.iterator().next().getPrimaryResult().getStatistics().getPercentile(50);
            results.add(task, microseconds);
            System.err.printf("  %,.1f microseconds%n", microseconds);
        } catch (RunnerException e) {
            String why = reason(log.toString(StandardCharsets.UTF_8), String.valueOf(e.getMessage()));
            results.fail(task, why);
            System.err.printf("  failed: %s%n", why);
        }
    }

    private static String reason(String log, String otherwise) {
        return log.lines()
                .filter(line -> line.contains("Exception: ") || line.contains("Error: "))
                .map(String::trim)
                .findFirst()
                .orElse(otherwise);
    }

    private Options options(String task) {
        TimeValue time = TimeValue.milliseconds(milliseconds);
        return new OptionsBuilder()
                .include(OperationBenchmark.class.getName().replace(".", "\\.") + "\\.run$")
                .param("task", task)
                .param("threads", Integer.toString(threads()))
                .forks(1)
                .warmupIterations(1)
                .warmupTime(time)
                .measurementIterations(3)
                .measurementTime(time)
                .jvmArgsAppend("-XX:+UseSerialGC", "-Xmx2g")
                .build();
    }
}
