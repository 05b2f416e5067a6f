package io.github.kib4j.cuda;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a class's tests in a build that has no CUDA kernels, for want of nvcc. */
final class WithKernels implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return !Emulator.isBuilt() || PlantedKernels.areBuilt()
                ? ConditionEvaluationResult.enabled("the CUDA kernels are built")
                : ConditionEvaluationResult.disabled("nvcc was not on the PATH when the kernels were built");
    }
}
