package io.github.kib4j.train;

import java.util.List;

/**
 * What an epoch of training came to.
 *
 * @param epoch from 1
 * @param images trained on, each view of one counted
 * @param seconds of training alone, without evaluations and checkpoints
 * @param imagesPerSecond images by seconds
 * @param speedOfLight what the products' multiplications and additions in a second are of the most that the device can; NaN where
 *     that is not known
 * @param localLosses mean over the epoch's samples, one for each hidden layer; empty where the rule has none
 * @param readoutLoss mean over the epoch's samples
 * @param accuracy in percent, of each batch before its update
 * @param localRate learning rate of the epoch's last step for hidden layers under local rules
 * @param readoutRate the same for the readout, and for everything under backprop
 */
public record EpochResult(
        int epoch,
        long images,
        double seconds,
        double imagesPerSecond,
        double speedOfLight,
        List<Double> localLosses,
        double readoutLoss,
        double accuracy,
        double localRate,
        double readoutRate) {}
