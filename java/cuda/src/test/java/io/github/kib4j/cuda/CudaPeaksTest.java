package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cards by the names that drivers give them. */
final class CudaPeaksTest {
    @ParameterizedTest
    @CsvSource({
        "NVIDIA H100 80GB HBM3, 989.4",
        "NVIDIA H100 PCIe, 756",
        "NVIDIA H100 NVL, 835",
        "NVIDIA H200, 989.4",
        "NVIDIA A100-SXM4-40GB, 312",
        "NVIDIA A100 80GB PCIe, 312",
        "NVIDIA A10, 125",
        "NVIDIA L4, 121",
        "NVIDIA L40S, 362",
        "NVIDIA GeForce RTX 4090, 165.2",
        "NVIDIA GeForce GTX 1080, NaN",
        "NVIDIA A1000, NaN"
    })
    void theTableIsAskedByModel(String name, double teraflops) {
        assertThat(CudaPeaks.of(name).bf16()).isEqualTo(Double.valueOf(teraflops));
    }
}
