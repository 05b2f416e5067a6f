package io.github.kib4j.bench.operations;

import io.github.kib4j.bench.products.LayerProducts;
import io.github.kib4j.bench.products.OneDnn;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.testkit.SpeedLimit;
import io.github.kib4j.testkit.TimedOperation;
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
                : bare((SpeedLimit.Products) operation.limit(), type);
    }

    private static Task planned(TimedOperation operation, DataType type, int threads) {
        Device device = Devices.open("cpu", threads).device();
        TimedOperation.Planned planned = operation.plan(device, type);
        return new Task() {
            @Override
            public void run() {
                planned.run();
            }

            @Override
            public void close() {
                planned.close();
                device.close();
            }
        };
    }

    private static Task bare(SpeedLimit.Products limit, DataType type) {
        OneDnn oneDnn = new OneDnn();
        LayerProducts products = new LayerProducts(
                oneDnn,
                limit.layer(),
                limit.input(),
                limit.batch(),
                type == DataType.BF16 ? Precision.BF16 : Precision.F32,
                limit.products());
        return new Task() {
            @Override
            public void run() {
                limit.products().forEach(products::run);
            }

            @Override
            public void close() {
                products.close();
                oneDnn.close();
            }
        };
    }
}
