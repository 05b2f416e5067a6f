package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs a class's tests on the emulated device, each from a fresh state. A finding that the test did not take with {@link
 * Emulator#takeFindings} fails it, and so does device memory that it did not free.
 */
final class EmulatedDevice implements ExecutionCondition, BeforeEachCallback, AfterEachCallback {
    static final long SEED = 1;

    private static final AtomicBoolean TOLD = new AtomicBoolean();
    private static final AtomicBoolean LOADED = new AtomicBoolean();

    private long usedBefore;

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Emulator.isBuilt()) {
            return ConditionEvaluationResult.enabled("the emulated CUDA device is built");
        }
        String reason = "the emulated CUDA device is not built in " + Emulator.FOLDER
                + "; `mvn verify` in the root builds it, and runs these tests";
        if (!TOLD.getAndSet(true)) {
            System.out.println("kib4j: tests skipped: " + reason);
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (!LOADED.getAndSet(true)) {
            Emulator.load();
        }
        Emulator.reset(SEED);
        usedBefore = Emulator.usedBytes();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isEmpty()) {
            assertThat(Emulator.takeFindings())
                    .as("what the emulated device found")
                    .isEmpty();
            assertThat(Emulator.usedBytes()).as("bytes of device memory in use").isEqualTo(usedBefore);
        }
    }
}
