package io.github.kib4j.cuda;

/**
 * A card, as the driver describes it.
 *
 * @param index which of the machine's, from 0
 * @param name of the model
 * @param capability compute capability: 90 is 9.0
 * @param bytes of its memory
 */
record CudaCard(int index, String name, int capability, long bytes) {
    /** {@return one line for people} */
    String description() {
        return name + ", compute capability " + capability / 10 + "." + capability % 10 + ", " + (bytes >> 30) + " GiB";
    }
}
