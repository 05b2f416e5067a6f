package io.github.kib4j.cuda;

import io.github.kib4j.testkit.DeviceContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The CUDA device. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaDeviceTest extends DeviceContract {
    @Override
    protected String device() {
        return "cuda";
    }
}
