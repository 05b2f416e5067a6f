package io.github.kib4j.cuda;

import io.github.kib4j.testkit.DependenceContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Dependence measures on the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaDependenceTest extends DependenceContract {
    @Override
    protected String device() {
        return "cuda";
    }

    /** The emulated device is slow. */
    @Override
    protected int manySamplesHere() {
        return 1200;
    }
}
