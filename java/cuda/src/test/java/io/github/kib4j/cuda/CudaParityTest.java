package io.github.kib4j.cuda;

import io.github.kib4j.testkit.ParityContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The CUDA backend equals the reference on the one list of cases, in both precisions. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaParityTest extends ParityContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
