package io.github.kib4j.cuda;

import io.github.kib4j.testkit.ResumeContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Training on the CUDA backend that is interrupted. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaResumeTest extends ResumeContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
