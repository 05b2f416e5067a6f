package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.products.LayerProducts;
import io.github.kib4j.bench.products.OneDnn;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import java.util.List;
import java.util.Locale;

/** What JMH times: {@code kib/OPERATION/TYPE}, {@code onednn/OPERATION/TYPE}, {@code memory/triad}, {@code memory/copy}. */
interface Task extends AutoCloseable {
    /** Runs it once. */
    void run();

    @Override
    void close();

    /** Returns a task's name. */
    static String name(String contender, TimedOperation operation, DataType type) {
        return contender + "/" + operation.name() + "/" + type.name().toLowerCase(Locale.ROOT);
    }

    /** Prepares the task of this name. */
    static Task open(String name, List<TimedOperation> operations, int threads) {
        String[] parts = name.split("/", -1);
        if (parts[0].equals("memory")) {
            return new MemoryTask(parts[1].equals("triad"), MemoryTask.NUMBERS, threads);
        }
        TimedOperation operation = operations.stream()
                .filter(candidate -> candidate.name().equals(parts[1]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no operation '" + parts[1] + "'."));
        DataType type = DataType.valueOf(parts[2].toUpperCase(Locale.ROOT));
        return parts[0].equals("kib")
                ? planned(operation, type, threads)
                : bare((Bound.Products) operation.bound(), type);
    }

    private static Task planned(TimedOperation operation, DataType type, int threads) {
        Operands operands = new Operands(type, threads);
        Operation planned = operation.plan().apply(operands);
        return new Task() {
            @Override
            public void run() {
                planned.run();
                operands.device().synchronize();
            }

            @Override
            public void close() {
                operands.close();
            }
        };
    }

    private static Task bare(Bound.Products bound, DataType type) {
        OneDnn oneDnn = new OneDnn();
        LayerProducts products = new LayerProducts(
                oneDnn,
                bound.layer(),
                bound.input(),
                bound.batch(),
                type == DataType.BF16 ? Precision.BF16 : Precision.F32,
                bound.products());
        return new Task() {
            @Override
            public void run() {
                bound.products().forEach(products::run);
            }

            @Override
            public void close() {
                products.close();
                oneDnn.close();
            }
        };
    }
}
