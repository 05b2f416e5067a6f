package io.github.kib4j.checkpoint;

import io.github.kib4j.files.Safetensors;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A trained network as a checkpoint has it: what it is, what it reads, what its outputs mean, and the weights that evaluation uses.
 *
 * @param checkpoint the folder {@code step-N} that it was read from
 * @param network what it is
 * @param settings all that decided the run's bits
 * @param input what it reads; null where a version saved the checkpoint that did not write it down
 * @param classNames what its outputs mean, output by output; null where it was not written down, empty where it learned without
 *     labels
 * @param weights by their names in {@code weights.safetensors}; their average, where the run has one
 * @param progress where the run stood
 * @param passedOver what is wrong with newer checkpoints, a sentence each
 */
public record SavedModel(
        Path checkpoint,
        NetworkSpec network,
        Signature settings,
        @Nullable Input input,
        @Nullable List<String> classNames,
        Map<String, Safetensors.Array> weights,
        Progress progress,
        List<String> passedOver) {
    /**
     * {@return this with another input: for checkpoints that do not say what they read}
     *
     * @param other what the network reads
     */
    public SavedModel withInput(Input other) {
        return new SavedModel(checkpoint, network, settings, other, classNames, weights, progress, passedOver);
    }

    /**
     * {@return what the network reads}
     *
     * @throws CheckpointException if the checkpoint does not say, or says what does not fit the network
     */
    public Input requireInput() throws CheckpointException {
        if (input == null) {
            throw new CheckpointException(
                    "The checkpoint in " + checkpoint + " is of a version that did not save how samples"
                            + " are normalized; go on with its run for another epoch, which saves it, or give it"
                            + " (SavedModel.withInput).");
        }
        if (!input.shape().equals(network.input())) {
            throw new CheckpointException(
                    "The checkpoint in " + checkpoint + " is of a network that reads " + network.input()
                            + ", but was trained on samples of " + input.shape() + "; use another checkpoint.");
        }
        return input;
    }

    /** {@return the names of the classes; numbers from 0 where they were not written down} */
    public List<String> names() {
        List<String> names = classNames;
        return names != null
                ? names
                : IntStream.range(0, network.outputs())
                        .mapToObj(Integer::toString)
                        .toList();
    }

    /**
     * Checks that its outputs mean something.
     *
     * @throws RefusedException if it learned without labels, so that its readout did not learn
     */
    public void requireClasses() {
        if (classNames != null && classNames.isEmpty()) {
            throw new RefusedException(
                    "The network in " + checkpoint + " learned without labels, and knows no classes; ask for codes.");
        }
    }

    /** {@return the name of the rule that it learned by} */
    public String rule() {
        return settings.entries().getOrDefault("rule", "");
    }

    /** {@return the precision that it was trained in} */
    public Precision precision() {
        return settings.entries().getOrDefault("precision", "F32").equals("BF16") ? Precision.BF16 : Precision.F32;
    }

    /** {@return how many samples it was trained on at once} */
    public int batch() {
        return Integer.parseInt(settings.value("batch"));
    }

    /**
     * {@return an array of the weights}
     *
     * @param name of the array
     * @param shape that it must have
     * @throws CheckpointException if it is not there, or of another shape
     */
    public Safetensors.Array array(String name, Shape shape) throws CheckpointException {
        Safetensors.Array array = weights.get(name);
        if (array == null || !array.shape().equals(shape)) {
            throw new CheckpointException(
                    "The checkpoint in " + checkpoint + " is of another network than it says: " + name
                            + " is " + (array == null ? "missing" : array.shape()) + ", not " + shape
                            + "; use another checkpoint.");
        }
        return array;
    }
}
