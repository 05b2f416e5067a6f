package io.github.kib4j.cuda;

import io.github.kib4j.testkit.ProgramContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** Programs of the CUDA backend. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaProgramTest extends ProgramContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
