package io.github.kib4j.cuda;

import java.util.Comparator;
import java.util.List;

/**
 * The most that a card's products reach, by NVIDIA's data sheets: dense, sums in single precision, at the boost clock.
 *
 * @param model what a card's name contains
 * @param bf16 TFLOP/s of bfloat16 operands
 * @param tf32 TFLOP/s of operands rounded to TF32
 * @param f32 TFLOP/s of operands in single precision, without matrix units
 */
record CudaPeaks(String model, double bf16, double tf32, double f32) {
    private static final List<CudaPeaks> KNOWN = List.of(
            new CudaPeaks("A100", 312, 156, 19.5),
            new CudaPeaks("A800", 312, 156, 19.5),
            new CudaPeaks("A30", 165, 82, 10.3),
            new CudaPeaks("A10", 125, 62.5, 31.2),
            new CudaPeaks("A40", 149.7, 74.8, 37.4),
            new CudaPeaks("RTX A6000", 154.8, 77.4, 38.7),
            new CudaPeaks("RTX 3090", 71, 35.6, 35.6),
            new CudaPeaks("RTX 4090", 165.2, 82.6, 82.6),
            new CudaPeaks("RTX 5090", 209.5, 104.8, 104.8),
            new CudaPeaks("RTX 6000 Ada", 364.2, 182.1, 91.1),
            new CudaPeaks("L40", 181, 90.5, 90.5),
            new CudaPeaks("L40S", 362, 183, 91.6),
            new CudaPeaks("L4", 121, 60, 30.3),
            new CudaPeaks("H100 PCIe", 756, 378, 51),
            new CudaPeaks("H100 NVL", 835, 417, 60),
            new CudaPeaks("H100", 989.4, 494.7, 66.9),
            new CudaPeaks("H200", 989.4, 494.7, 66.9),
            new CudaPeaks("B200", 2250, 1125, 75));

    private static final CudaPeaks UNKNOWN = new CudaPeaks("", Double.NaN, Double.NaN, Double.NaN);

    /**
     * {@return a card's; NaN where its model is not in the table}
     *
     * @param name as the driver gives it
     */
    static CudaPeaks of(String name) {
        return KNOWN.stream()
                .filter(peaks -> (" " + name + " ").contains(" " + peaks.model() + " ")
                        || name.contains(" " + peaks.model() + "-"))
                .max(Comparator.comparingInt(peaks -> peaks.model().length()))
                .orElse(UNKNOWN);
    }
}
