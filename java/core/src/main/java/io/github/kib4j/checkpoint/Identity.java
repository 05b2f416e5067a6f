package io.github.kib4j.checkpoint;

import io.github.kib4j.layer.NetworkSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint must share with the run that goes on from it.
 *
 * @param network input, each hidden layer, outputs
 * @param rule how it learns
 * @param images checksum of the training images and labels
 * @param batch samples of a step
 * @param seed key of the random numbers
 * @param classNames what the outputs mean; null in checkpoints of versions that did not write it down
 */
public record Identity(
        List<String> network,
        String rule,
        String images,
        int batch,
        long seed,
        @Nullable List<String> classNames) {
    /**
     * {@return a network in words: input, each hidden layer, outputs}
     *
     * @param network the network
     */
    public static List<String> network(NetworkSpec network) {
        List<String> parts = new ArrayList<>();
        parts.add("input " + network.input());
        network.hidden().forEach(layer -> parts.add(layer.toString()));
        parts.add("outputs " + network.outputs());
        return parts;
    }
}
