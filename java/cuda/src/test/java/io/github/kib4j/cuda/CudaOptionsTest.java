package io.github.kib4j.cuda;

import io.github.kib4j.testkit.OptionsContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Options of training and evaluation on the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaOptionsTest extends OptionsContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
