package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The test at a device's start: passes where all is well, and says what is not. */
@ExtendWith(EmulatedDevice.class)
class SelfTestTest {
    @BeforeAll
    static void open() {
        assumeTrue(PlantedKernels.areBuilt(), "kernels built by nvcc");
        CudaLibraries.load();
    }

    @Test
    void allIsWell() {
        SelfTest.run(new PlantedKernels(PlantedKernels.Kind.RIGHT));
    }

    /** A launch that reports success and does nothing is what the test is for. */
    @Test
    void aKernelThatWritesNothing() {
        assertThatThrownBy(() -> SelfTest.run(new PlantedKernels(PlantedKernels.Kind.WRITES_NOTHING)))
                .isInstanceOf(CudaException.class)
                .hasMessage(
                        "The self-test failed: a kernel of kib4j's was launched without an error and wrote nothing: start"
                                + " again with no other CUDA in the process (unset LD_LIBRARY_PATH and LD_PRELOAD), else install"
                                + " another version of the driver.");
    }

    @Test
    void aKernelThatWritesOneNumberWrongly() {
        assertThatThrownBy(() -> SelfTest.run(new PlantedKernels(PlantedKernels.Kind.WRITES_WRONGLY)))
                .isInstanceOf(CudaException.class)
                .hasMessage(
                        "The self-test failed: a kernel of kib4j's wrote 1 of 10007 numbers wrongly: take another GPU, or"
                                + " another version of the driver.");
    }
}
