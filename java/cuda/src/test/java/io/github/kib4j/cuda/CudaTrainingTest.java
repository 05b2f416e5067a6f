package io.github.kib4j.cuda;

import io.github.kib4j.testkit.TrainingContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Training on the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaTrainingTest extends TrainingContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
