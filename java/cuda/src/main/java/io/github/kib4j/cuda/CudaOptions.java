package io.github.kib4j.cuda;

/**
 * How programs run on a device. Results are the same bits in all of these ways.
 *
 * @param graph whether a program that is run again is captured as a graph
 * @param lanes whether updates run beside what leads to the next layer
 * @param arena whether what a program computes on the way shares memory; if not, each tensor has its own
 */
record CudaOptions(boolean graph, boolean lanes, boolean arena) {
    /** The fastest way. */
    static final CudaOptions DEFAULT = new CudaOptions(true, true, true);
}
