package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.Spread;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.testkit.SpeedLimit;
import io.github.kib4j.testkit.TimedOperation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** The time of each task in each round, in microseconds; memory's bandwidth first, each bound right after its operation. */
final class OperationResults {
    static final List<String> MEMORY = List.of("memory/triad", "memory/copy");

    private final List<Row> rows = new ArrayList<>();
    private final Map<String, List<Double>> microseconds = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();

    /** An operation with one type of activations. */
    record Row(TimedOperation operation, DataType type) {
        String task() {
            return Task.name("kib", operation, type);
        }

        String bare() {
            return Task.name("onednn", operation, type);
        }
    }

    OperationResults(List<TimedOperation> operations, Predicate<DataType> wanted) {
        MEMORY.forEach(task -> microseconds.put(task, new ArrayList<>()));
        for (TimedOperation operation : operations) {
            operation.types().stream().filter(wanted).forEach(type -> addRow(new Row(operation, type)));
        }
    }

    private void addRow(Row row) {
        rows.add(row);
        microseconds.put(row.task(), new ArrayList<>());
        if (row.operation().limit() instanceof SpeedLimit.Products) {
            microseconds.put(row.bare(), new ArrayList<>());
        }
    }

    List<String> tasks() {
        return List.copyOf(microseconds.keySet());
    }

    void add(String task, double time) {
        of(task).add(time);
    }

    /** Notes why a task cannot be timed; it is not tried again. */
    void fail(String task, String why) {
        failures.put(task, why);
    }

    Map<String, String> failures() {
        return failures;
    }

    List<Double> of(String task) {
        return microseconds.getOrDefault(task, List.of());
    }

    /** Returns the measured ones. */
    List<Row> measured() {
        return rows.stream().filter(row -> !of(row.task()).isEmpty()).toList();
    }

    /** Returns the bandwidth in bytes a microsecond in each round: that of the faster kind. */
    List<Double> bandwidths() {
        int count = MEMORY.stream().mapToInt(task -> of(task).size()).min().orElse(0);
        return IntStream.range(0, count)
                .mapToObj(round -> MEMORY.stream()
                        .mapToDouble(task -> MemoryTask.bytes(task) / of(task).get(round))
                        .max()
                        .orElseThrow())
                .toList();
    }

    /** Returns in each round the time below which the operation cannot come. */
    List<Double> bounds(Row row) {
        return row.operation().limit() instanceof SpeedLimit.Memory memory
                ? bandwidths().stream()
                        .map(bandwidth -> memory.bytes().applyAsLong(row.type()) / bandwidth)
                        .toList()
                : of(row.bare());
    }

    /** Returns the bound over the operation's time, within each round: 1 at the bound. */
    Optional<Spread> ofBound(Row row) {
        List<Double> times = of(row.task());
        List<Double> bounds = bounds(row);
        int count = Math.min(times.size(), bounds.size());
        return count == 0
                ? Optional.empty()
                : Optional.of(Spread.of(IntStream.range(0, count)
                        .mapToObj(i -> bounds.get(i) / times.get(i))
                        .toList()));
    }
}
