package io.github.kib4j.train;

import java.util.List;

/**
 * Losses of a few training steps, each of a batch before its update: means over the samples of this run (of several that learn as one,
 * this one's part).
 *
 * @param epoch from 1
 * @param step of the epoch, from 1: the last of them
 * @param samples that they are means of
 * @param localLosses one for each hidden layer; empty where the rule has none
 * @param readoutLoss of the readout; NaN without labels
 * @param accuracy in percent; NaN without labels
 */
public record StepLosses(
        int epoch, int step, int samples, List<Double> localLosses, double readoutLoss, double accuracy) {}
