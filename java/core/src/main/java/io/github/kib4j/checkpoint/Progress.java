package io.github.kib4j.checkpoint;

/**
 * Where a run stands.
 *
 * @param epoch completed epochs
 * @param step training steps done
 * @param position samples of the current epoch done
 * @param seconds of training in the current epoch so far; of the last one if {@code position} is 0
 * @param sums of losses and correct answers in the same epoch
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Progress(int epoch, long step, int position, double seconds, double[] sums) {}
