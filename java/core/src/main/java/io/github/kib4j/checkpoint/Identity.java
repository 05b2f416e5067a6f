package io.github.kib4j.checkpoint;

import io.github.kib4j.op.Signature;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint must share with the run that goes on from it.
 *
 * @param settings all that decides bits
 * @param images checksum of the training images and labels
 * @param classNames what the outputs mean; null in checkpoints of versions that did not write it down
 * @param input what the network reads; null in checkpoints of versions that did not write it down
 */
public record Identity(
        Signature settings,
        String images,
        @Nullable List<String> classNames,
        @Nullable Input input) {}
