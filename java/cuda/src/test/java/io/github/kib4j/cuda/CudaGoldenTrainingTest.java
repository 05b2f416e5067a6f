package io.github.kib4j.cuda;

import io.github.kib4j.testkit.GoldenTrainingContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The authors' training steps on the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaGoldenTrainingTest extends GoldenTrainingContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
