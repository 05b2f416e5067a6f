package io.github.kib4j.bench.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.testkit.SpeedLimit;
import io.github.kib4j.testkit.StepOperations;
import io.github.kib4j.testkit.TimedOperation;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OperationsTest {
    private static final int BATCH = 2;

    @Test
    void everyOperationAndItsBareProductsRun() {
        List<TimedOperation> operations = StepOperations.of(BATCH);
        for (TimedOperation operation : operations) {
            runs(Task.name("kib", operation, DataType.F32), operations);
            if (operation.limit() instanceof SpeedLimit.Products) {
                runs(Task.name("onednn", operation, DataType.F32), operations);
            }
        }
    }

    private static void runs(String name, List<TimedOperation> operations) {
        assertThatCode(() -> {
                    try (Task task = Task.open(name, operations, 1)) {
                        task.run();
                    }
                })
                .as(name)
                .doesNotThrowAnyException();
    }

    @Test
    void unknownOperationsAreRefused() {
        assertThatThrownBy(() -> Task.open("kib/nothing/f32", StepOperations.of(BATCH), 1))
                .hasMessage("There is no operation 'nothing'.");
    }

    @Test
    void memoryTasksMoveTheirArraysOnAllThreads() {
        for (boolean triad : new boolean[] {true, false}) {
            try (MemoryTask task = new MemoryTask(triad, 1 << 12, 2)) {
                task.fill(5);
                task.clearResults();
                task.run();
                assertThat(task.results()).hasSize(1 << 12).containsOnly(triad ? 20f : 5f);
            }
        }
    }
}
