package io.github.kib4j.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;

/**
 * A GPU of this machine.
 *
 * @param index by which CUDA knows it
 * @param name of the product
 * @param capability compute capability: 90 is 9.0
 * @param bytes of its memory
 */
record CudaCard(int index, String name, int capability, long bytes) {
    /** The oldest capability that the kernels are for: that of an A100; from 8.0 on there is bf16. */
    private static final int OLDEST = 80;

    /**
     * {@return all GPUs that CUDA shows, in its order}
     *
     * @throws CudaException if there is none, or the driver does not start
     */
    static List<CudaCard> all() {
        int[] count = {0};
        CudaStatus.check(cudart.cudaGetDeviceCount(count), "cudaGetDeviceCount");
        if (count[0] == 0) {
            CudaStatus.check(cudart.cudaErrorNoDevice, "cudaGetDeviceCount");
        }
        List<CudaCard> cards = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            try (cudaDeviceProp properties = new cudaDeviceProp()) {
                CudaStatus.check(cudart.cudaGetDeviceProperties(properties, i), "cudaGetDeviceProperties");
                cards.add(new CudaCard(
                        i,
                        properties.name().getString(),
                        10 * properties.major() + properties.minor(),
                        properties.totalGlobalMem()));
            }
        }
        return cards;
    }

    /** {@return the compute capability, as 9.0} */
    String capabilityText() {
        return capability / 10 + "." + capability % 10;
    }

    /** {@return one line for people} */
    String description() {
        return name + ", " + gibibytes(bytes) + " GiB, compute capability " + capabilityText();
    }

    /**
     * {@return why the kernels of a build cannot run on this card, and what to do, in one sentence; empty if they can}
     *
     * @param architectures those of the build, as nvcc names them: {@code sm_80 sm_90a compute_80}
     */
    Optional<String> problem(String architectures) {
        if (capability < OLDEST) {
            return Optional.of(
                    "the GPU " + name + " has compute capability " + capabilityText()
                            + ", and kib4j's kernels need 8.0 or later (from A100 and GeForce RTX 30 on); take another device.");
        }
        return code(architectures).isPresent()
                ? Optional.empty()
                : Optional.of(
                        "this build has kernels for " + architectures + ", and none of these runs on the GPU " + name
                                + " of compute capability " + capabilityText() + "; build it with sm_" + capability
                                + " among them.");
    }

    /**
     * {@return which of a build's architectures this card runs: its own machine code, else intermediate code (PTX) that the driver
     * compiles; empty if none} Machine code runs on cards of the same first number and at least the second, with an {@code a}
     * behind it only on that very one; intermediate code on all later ones, with an {@code f} behind it only on those of the same first
     * number.
     *
     * @param architectures as nvcc names them
     */
    Optional<String> code(String architectures) {
        String best = null;
        for (String name : architectures.split(" ")) {
            String digits = name.replaceAll("[^0-9]", "");
            if (digits.length() < 2) {
                continue;
            }
            int its = Integer.parseInt(digits);
            boolean exact = its == capability;
            boolean family = its / 10 == capability / 10 && its <= capability;
            boolean only = name.endsWith("a");
            boolean machine = name.startsWith("sm_") && (only ? exact : family);
            boolean compiled =
                    name.startsWith("compute_") && (only ? exact : family || its < capability && !name.endsWith("f"));
            if (machine || compiled && best == null) {
                best = name;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Returns 79.6 for 85468839936 bytes. */
    static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / (double) (1L << 30));
    }
}
