package io.github.kib4j.experiment;

import io.github.kib4j.op.Device;
import io.github.kib4j.train.DeviceDataset;

/**
 * What a run works with.
 *
 * @param device computes
 * @param dataset is on it
 * @param listener is told
 */
record Means(Device device, DeviceDataset dataset, RunListener listener) {}
