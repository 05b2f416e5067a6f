package io.github.kib4j.bench.operations;

import io.github.kib4j.testkit.StepOperations;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One {@link Task}; {@link OperationsBenchmark} chooses them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class OperationBenchmark {
    /** Images of a training step of the VGG. */
    static final int BATCH = 128;

    /** The task's name. */
    @Param("memory/triad")
    public String task = "memory/triad";

    /** Processor threads. */
    @Param("1")
    public int threads = 1;

    private @Nullable Task opened;

    /** Prepares the task. */
    @Setup
    public void open() {
        opened = Task.open(task, StepOperations.of(BATCH), threads);
    }

    /** Releases it. */
    @TearDown
    public void close() {
        if (opened != null) {
            opened.close();
        }
    }

    /** Runs it once. */
    @Benchmark
    public void run() {
        if (opened != null) {
            opened.run();
        }
    }
}
