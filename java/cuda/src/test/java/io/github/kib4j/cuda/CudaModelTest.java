package io.github.kib4j.cuda;

import io.github.kib4j.testkit.ModelContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Saved models on the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaModelTest extends ModelContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
